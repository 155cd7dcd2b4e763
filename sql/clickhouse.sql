-- Views over the directory of a scan, for ClickHouse (24.3 and later), the same as in sql/duckdb.sql:
--   cd DIR && clickhouse local --multiquery --queries-file …/sql/clickhouse.sql --interactive
-- A server reads DIR below its user_files. What the columns mean: docs/columns.md; the words in them:
-- docs/outcomes.md. A list has no NULL in ClickHouse: an empty one may be not known (pq_groups, mx).

-- The tables. A host that was asked again has a row for each time (docs/outcomes.md).
CREATE OR REPLACE VIEW scan_domains AS
SELECT * FROM file('domains/*.parquet', Parquet) ORDER BY started_at DESC LIMIT 1 BY domain;

CREATE OR REPLACE VIEW scan_mx_hosts AS
SELECT * FROM file('mx_hosts/*.parquet', Parquet) ORDER BY started_at DESC LIMIT 1 BY host;

-- `tls`: encrypts, no STARTTLS, refuses STARTTLS, fails, not known. A handshake that fails perhaps
-- for our own client's reasons (may_be_ours), a time-out and an address that was not asked say
-- nothing about the server.
CREATE OR REPLACE VIEW scan_endpoints AS
SELECT *,
  multiIf(
    outcome = 'tls_ok', 'encrypts',
    outcome = 'no_starttls', 'no STARTTLS',
    outcome = 'starttls_refused', 'refuses STARTTLS',
    may_be_ours IS NULL AND (outcome IN ('tls_alert', 'tls_protocol_error')
      OR (stage = 'handshake' AND outcome IN ('closed_early', 'reset'))), 'fails',
    'not known') AS tls
FROM file('endpoints/*.parquet', Parquet) ORDER BY started_at DESC LIMIT 1 BY host, address, port;

CREATE OR REPLACE VIEW scan_certificates AS
SELECT * FROM file('certificates/*.parquet', Parquet) ORDER BY first_seen LIMIT 1 BY sha256;

-- A row per domain: what a sender meets there (see sql/duckdb.sql).
CREATE OR REPLACE VIEW domain_posture AS
WITH hosts AS (
  SELECT DISTINCT domain, arrayJoin(mx.host) AS host FROM scan_domains
), endpoints AS (
  SELECT domain,
    count() AS endpoints,
    countIf(tls = 'encrypts') AS encrypts,
    countIf(tls = 'not known') AS not_known
  FROM hosts INNER JOIN scan_endpoints USING (host)
  GROUP BY domain
), names AS (
  SELECT domain, arraySort(groupUniqArray(assumeNotNull(provider))) AS providers
  FROM hosts INNER JOIN scan_mx_hosts USING (host)
  WHERE provider IS NOT NULL
  GROUP BY domain
)
SELECT d.domain AS domain,
  arrayElement(splitByChar('.', d.domain), -1) AS tld,
  multiIf(
    mx_status IN ('mx', 'implicit'), 'yes',
    mx_status IN ('null_mx', 'no_mail', 'nxdomain', 'invalid_name'), 'no',
    'not known') AS mail,
  n.providers AS providers,
  multiIf(
    mx_status NOT IN ('mx', 'implicit'), NULL,
    e.endpoints > 0 AND e.encrypts = e.endpoints AND ifNull(unknown_endpoint_count, 0) = 0, 'all',
    e.encrypts > 0, 'some',
    e.endpoints = 0 OR e.not_known > 0 OR ifNull(unknown_endpoint_count, 0) > 0, 'not known',
    'none') AS tls,
  min_tls_version,
  pkix_status,
  dane_status,
  mta_sts_mode,
  weakest_session_level,
  weakest_certificate_level,
  diagnosis
FROM scan_domains AS d
LEFT JOIN endpoints AS e ON e.domain = d.domain
LEFT JOIN names AS n ON n.domain = d.domain;

-- A row per combination that was negotiated. `share`: of the endpoints that encrypt.
CREATE OR REPLACE VIEW tls_parameters AS
SELECT tls_version, cipher,
  coalesce(`group`, if(tls_version < 'TLSv1.3', 'RSA', NULL), 'not known') AS key_exchange,
  coalesce(leaf_key_type, 'not known') AS key_type,
  leaf_key_bits AS key_bits,
  count() AS endpoints,
  endpoints / sum(endpoints) OVER () AS share
FROM scan_endpoints
WHERE tls = 'encrypts'
GROUP BY tls_version, cipher, key_exchange, key_type, key_bits;

-- A row per top-level domain: domains with mail, and those of them whose hosts have DANE records.
CREATE OR REPLACE VIEW dane_by_tld AS
SELECT tld,
  count() AS domains,
  countIf(dane_status IN ('full', 'partial', 'optional', 'broken')) AS published,
  countIf(dane_status = 'full') AS full,
  countIf(dane_status = 'partial') AS partial,
  countIf(dane_status = 'optional') AS optional,
  countIf(dane_status = 'broken') AS broken,
  countIf(ifNull(dane_status, 'unknown') = 'unknown') AS unknown,
  if(domains > unknown, published / (domains - unknown), NULL) AS share_published
FROM domain_posture
WHERE mail = 'yes'
GROUP BY tld;

-- A row per provider whose servers showed a certificate (see sql/duckdb.sql).
CREATE OR REPLACE VIEW weak_keys_by_provider AS
SELECT e.provider AS provider,
  count() AS endpoints,
  countIf(c.key_type = 'rsa' AND c.key_bits < 2048) AS short_rsa,
  countIf(length(arrayFilter(w -> w != 'sha1_signature', c.weak_key)) > 0) AS weak,
  weak / endpoints AS share_weak
FROM scan_endpoints AS e
INNER JOIN scan_certificates AS c ON c.sha256 = e.chain_sha256[1]
GROUP BY provider;
