-- Views over the directory of a scan, for DuckDB (1.1 and later):
--   duckdb -cmd "SET VARIABLE scan = 'DIR'" -cmd ".read sql/duckdb.sql"
-- DIR may be a pattern that names several scans ('scans/*'): of a domain, a host or an endpoint that
-- is in more than one, the latest row counts. What the columns mean: docs/columns.md; the words in
-- them: docs/outcomes.md. sql/clickhouse.sql has the same views.

-- The tables. A host that was asked again has a row for each time (docs/outcomes.md).
CREATE OR REPLACE VIEW scan_domains AS
SELECT * FROM read_parquet(getvariable('scan') || '/domains/*.parquet', union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY domain ORDER BY started_at DESC) = 1;

CREATE OR REPLACE VIEW scan_mx_hosts AS
SELECT * FROM read_parquet(getvariable('scan') || '/mx_hosts/*.parquet', union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY host ORDER BY started_at DESC) = 1;

-- `tls`: encrypts, no STARTTLS, refuses STARTTLS, fails, not known. A handshake that fails perhaps
-- for our own client's reasons (may_be_ours), a time-out and an address that was not asked say
-- nothing about the server.
CREATE OR REPLACE VIEW scan_endpoints AS
SELECT *,
  CASE
    WHEN outcome = 'tls_ok' THEN 'encrypts'
    WHEN outcome = 'no_starttls' THEN 'no STARTTLS'
    WHEN outcome = 'starttls_refused' THEN 'refuses STARTTLS'
    WHEN may_be_ours IS NULL
      AND (outcome IN ('tls_alert', 'tls_protocol_error')
        OR (stage = 'handshake' AND outcome IN ('closed_early', 'reset'))) THEN 'fails'
    ELSE 'not known'
  END AS tls
FROM read_parquet(getvariable('scan') || '/endpoints/*.parquet', union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY host, address, port ORDER BY started_at DESC) = 1;

CREATE OR REPLACE VIEW scan_certificates AS
SELECT * FROM read_parquet(getvariable('scan') || '/certificates/*.parquet', union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY sha256 ORDER BY first_seen) = 1;

-- A row per domain: what a sender meets there.
--   mail       yes, no (null MX, no such domain, nothing that takes mail), not known
--   providers  registrable domains of its MX hosts, sorted
--   tls        all, some, none of its endpoints encrypt; not known: none was seen to, and some could
--              not be judged. Null without mail.
CREATE OR REPLACE VIEW domain_posture AS
WITH hosts AS (
  SELECT DISTINCT domain, unnest(mx).host AS host FROM scan_domains
), endpoints AS (
  SELECT domain,
    count(*) AS endpoints,
    count(*) FILTER (tls = 'encrypts') AS encrypts,
    count(*) FILTER (tls = 'not known') AS unknown
  FROM hosts JOIN scan_endpoints USING (host)
  GROUP BY domain
), names AS (
  SELECT domain, list_sort(list_distinct(list(provider))) AS providers
  FROM hosts JOIN scan_mx_hosts USING (host)
  WHERE provider IS NOT NULL
  GROUP BY domain
)
SELECT domain,
  regexp_extract(domain, '[^.]*$') AS tld,
  CASE
    WHEN mx_status IN ('mx', 'implicit') THEN 'yes'
    WHEN mx_status IN ('null_mx', 'no_mail', 'nxdomain', 'invalid_name') THEN 'no'
    ELSE 'not known'
  END AS mail,
  coalesce(names.providers, []) AS providers,
  CASE
    WHEN mx_status NOT IN ('mx', 'implicit') THEN NULL
    WHEN e.encrypts = e.endpoints AND coalesce(unknown_endpoint_count, 0) = 0 THEN 'all'
    WHEN e.encrypts > 0 THEN 'some'
    WHEN e.unknown > 0 OR e.endpoints IS NULL OR coalesce(unknown_endpoint_count, 0) > 0
      THEN 'not known'
    ELSE 'none'
  END AS tls,
  min_tls_version,
  pkix_status,
  dane_status,
  mta_sts_mode,
  weakest_session_level,
  weakest_certificate_level,
  diagnosis
FROM scan_domains
LEFT JOIN endpoints e USING (domain)
LEFT JOIN names USING (domain);

-- A row per combination that was negotiated. `share`: of the endpoints that encrypt. `key_exchange`
-- is RSA where there was no group: the server's certificate key, without forward secrecy.
CREATE OR REPLACE VIEW tls_parameters AS
SELECT tls_version, cipher,
  coalesce("group", CASE WHEN tls_version < 'TLSv1.3' THEN 'RSA' END, 'not known') AS key_exchange,
  coalesce(leaf_key_type, 'not known') AS key_type,
  leaf_key_bits AS key_bits,
  count(*) AS endpoints,
  count(*) / sum(count(*)) OVER () AS share
FROM scan_endpoints
WHERE tls = 'encrypts'
GROUP BY ALL;

-- A row per top-level domain: domains with mail, and those of them whose hosts have DANE records.
-- `share_published`: of the domains of which it is known.
CREATE OR REPLACE VIEW dane_by_tld AS
SELECT tld,
  count(*) AS domains,
  count(*) FILTER (dane_status IN ('full', 'partial', 'optional', 'broken')) AS published,
  count(*) FILTER (dane_status = 'full') AS "full",
  count(*) FILTER (dane_status = 'partial') AS partial,
  count(*) FILTER (dane_status = 'optional') AS optional,
  count(*) FILTER (dane_status = 'broken') AS broken,
  count(*) FILTER (coalesce(dane_status, 'unknown') = 'unknown') AS unknown,
  count(*) FILTER (dane_status IN ('full', 'partial', 'optional', 'broken'))
    / nullif(count(*) FILTER (coalesce(dane_status, 'unknown') <> 'unknown'), 0)
    AS share_published
FROM domain_posture
WHERE mail = 'yes'
GROUP BY tld;

-- A row per provider whose servers showed a certificate: how many endpoints have an RSA key under
-- 2,048 bits, and how many a key in which the scan saw a weakness (certificates.weak_key; a signature
-- with SHA-1, which stands there too, is none of the key).
CREATE OR REPLACE VIEW weak_keys_by_provider AS
SELECT e.provider,
  count(*) AS endpoints,
  count(*) FILTER (c.key_type = 'rsa' AND c.key_bits < 2048) AS short_rsa,
  count(*) FILTER (len(list_filter(c.weak_key, w -> w <> 'sha1_signature')) > 0) AS weak,
  count(*) FILTER (len(list_filter(c.weak_key, w -> w <> 'sha1_signature')) > 0) / count(*)
    AS share_weak
FROM scan_endpoints e
JOIN scan_certificates c ON c.sha256 = e.chain_sha256[1]
GROUP BY e.provider;
