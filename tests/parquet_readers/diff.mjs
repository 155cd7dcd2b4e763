// Counts with DuckDB what `mxsweep diff --csv` has counted, over the Parquet files of both scans.
//
//   node diff.mjs OLD NEW NUMBERS
//
// NUMBERS: the folder of --csv. Exit code 0 when all agree to the last digit; 1 with a sentence
// about each difference. The rules stand in docs/diff.md; here they are written in SQL.
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [before, after, numbers] = process.argv.slice(2)
if (!numbers) {
  console.error('usage: node diff.mjs OLD NEW NUMBERS')
  process.exit(2)
}

// Of a server: 'yes', 'no', 'absent' (known, and not counted) or 'unknown'.
const dialogue = `CASE
  WHEN outcome = 'tls_ok' THEN 'yes'
  WHEN outcome IN ('no_starttls', 'starttls_refused') THEN 'no'
  WHEN outcome IN ('tls_alert', 'tls_protocol_error') OR
    (stage = 'handshake' AND outcome IN ('closed_early', 'reset'))
    THEN CASE WHEN may_be_ours IS NULL THEN 'no' ELSE 'unknown' END
  WHEN outcome IN ('connect_refused', 'smtp_protocol_error') THEN 'absent'
  ELSE 'unknown' END`
const version = demanded => `CASE WHEN tls_version IS NULL THEN 'unknown'
  WHEN tls_version >= '${demanded}' THEN 'yes'
  WHEN '${demanded}' = 'TLSv1.3' AND coalesce(offer, '') = 'tls12' THEN 'unknown' ELSE 'no' END`
const session = {
  tls: "'yes'",
  trusted: `CASE WHEN pkix_status IS NULL THEN 'unknown' WHEN pkix_status <> 'valid' THEN 'no'
    WHEN name_match IS NULL THEN 'unknown' WHEN name_match = 'none' THEN 'no'
    WHEN revocation_status = 'revoked' THEN 'no' ELSE 'yes' END`,
  'tls1.2': version('TLSv1.2'),
  'tls1.3': version('TLSv1.3'),
  key: `CASE WHEN leaf_key_type IN ('ed25519', 'ed448') THEN 'yes'
    WHEN leaf_key_type = 'ec' THEN if(leaf_key_bits >= 224, 'yes', 'no')
    WHEN leaf_key_type IN ('rsa', 'rsa_pss') THEN if(leaf_key_bits >= 2048, 'yes', 'no')
    ELSE 'unknown' END`,
}
const serverMeasures = Object.keys(session)
const stateOf = measure => `CASE WHEN ${dialogue} <> 'yes' THEN ${dialogue} ELSE ${session[measure]} END`

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const rowsOf = async sql => (await connection.runAndReadAll(sql)).getRows()

for (const [scan, name] of [[before, 'old'], [after, 'new']]) {
  await connection.run(`CREATE TABLE ${name}_servers AS
    SELECT host, address, port, ${serverMeasures.map(m => `${stateOf(m)} AS "${m}"`).join(', ')}
    FROM '${scan}/endpoints/*.parquet'
    QUALIFY row_number() OVER (PARTITION BY host, address, port ORDER BY started_at DESC) = 1`)
  await connection.run(`CREATE TABLE ${name}_hosts AS
    SELECT host, provider, coalesce(address_status, 'ok') NOT IN ('ok', 'nodata', 'nxdomain') OR
      coalesce(ipv4_status, 'ok') NOT IN ('ok', 'nodata', 'nxdomain') OR
      coalesce(ipv6_status, 'ok') NOT IN ('ok', 'nodata', 'nxdomain') AS failed
    FROM '${scan}/mx_hosts/*.parquet'
    QUALIFY row_number() OVER (PARTITION BY host ORDER BY started_at DESC) = 1`)
  // What the servers of a domain come to: some 'yes' is yes, else what is not known is not known.
  const fold = m => `CASE WHEN count(*) FILTER (s."${m}" = 'yes') > 0 THEN 'yes'
    WHEN any_value(lost_sight) OR count(*) FILTER (s."${m}" = 'unknown') > 0 THEN 'unknown'
    WHEN count(*) FILTER (s."${m}" = 'no') > 0 THEN 'no' ELSE 'absent' END AS "${m}"`
  await connection.run(`CREATE TABLE ${name}_behind AS
    WITH named AS (SELECT domain, coalesce(unknown_endpoint_count, 0) > 0 AS unasked,
        unnest(mx).host AS host
      FROM '${scan}/domains/*.parquet' WHERE mx_status IN ('mx', 'implicit')),
    sight AS (SELECT n.domain, bool_or(unasked OR coalesce(h.failed, false) OR
        (h.host IS NULL AND n.host NOT IN (SELECT host FROM ${name}_servers))) AS lost_sight
      FROM named n LEFT JOIN ${name}_hosts h USING (host) GROUP BY n.domain)
    SELECT domain, ${serverMeasures.map(fold).join(', ')}
    FROM named JOIN sight USING (domain) LEFT JOIN ${name}_servers s USING (host) GROUP BY domain`)
  await connection.run(`CREATE TABLE ${name}_domains AS
    SELECT domain, mx_status IN ('mx', 'implicit') AS takes_mail,
      ${serverMeasures.map(m => `CASE WHEN mx_status IN ('mx', 'implicit')
        THEN coalesce("${m}", if(coalesce(unknown_endpoint_count, 0) > 0, 'unknown', 'absent'))
        WHEN mx_status IN ('nxdomain', 'null_mx', 'no_mail', 'invalid_name') THEN 'absent'
        ELSE 'unknown' END AS "${m}"`).join(', ')},
      CASE WHEN NOT takes_mail THEN 'absent' WHEN dane_status = 'full' THEN 'yes'
        WHEN dane_status IN ('none', 'partial', 'broken', 'optional') THEN 'no'
        ELSE 'unknown' END AS dane,
      CASE WHEN NOT takes_mail THEN 'absent' WHEN mta_sts_status IN ('none', 'invalid', 'multiple')
        THEN 'no' WHEN mta_sts_status IS DISTINCT FROM 'valid' THEN 'unknown'
        WHEN mta_sts_policy_status IS NULL THEN 'yes'
        WHEN mta_sts_policy_status IN ('webpki_not_known', 'host_lookup_error', 'connect_timeout',
          'unreachable', 'timeout', 'closed_early', 'reset', 'not_asked_crowded', 'blocked',
          'local_error') THEN 'unknown'
        WHEN mta_sts_policy_status = 'valid' AND mta_sts_mode IS DISTINCT FROM 'none' THEN 'yes'
        ELSE 'no' END AS mta_sts
    FROM '${scan}/domains/*.parquet' LEFT JOIN ${name}_behind USING (domain)
    QUALIFY row_number() OVER (PARTITION BY domain ORDER BY input_line) = 1`)
}
await connection.run('CREATE VIEW domain_pairs AS SELECT o, n FROM old_domains o FULL JOIN new_domains n USING (domain)')
await connection.run('CREATE VIEW server_pairs AS SELECT o, n FROM old_servers o FULL JOIN new_servers n ' +
  'USING (host, address, port)')

const lines = file => readFileSync(`${numbers}/${file}`, 'utf8').trimEnd().split('\n').slice(1)
  .map(line => line.split(','))
const steps = lines('steps.csv')
const servers = lines('servers.csv')
const differences = []
let compared = 0

function same(where, ours, theirs) {
  compared++
  if (String(ours) !== String(theirs)) differences.push(`${where}: diff ${ours}, DuckDB ${theirs}`)
}

const told = new Set(steps.map(([unit, measure]) => `${unit} ${measure}`))
for (const [unit, measures] of [['domains', [...serverMeasures, 'dane', 'mta_sts']], ['servers', serverMeasures]]) {
  for (const measure of measures) {
    if (!told.has(`${unit} ${measure}`)) continue
    told.delete(`${unit} ${measure}`)
    const [o, n] = [`o."${measure}"`, `n."${measure}"`]
    const counted = side => `${side} IN ('yes', 'no')`
    const count = filter => `count(*) FILTER (${filter})`
    const [theirs] = await rowsOf(`SELECT ${[
      count(`${o} = 'yes'`), count(`${o} = 'no'`), count(`${n} = 'yes'`), count(`${n} = 'no'`),
      count(`${o} = 'yes' AND ${n} = 'no'`), count(`${o} = 'no' AND ${n} = 'yes'`),
      count(`${counted(o)} AND coalesce(${n}, 'absent') NOT IN ('yes', 'no')`),
      count(`${counted(n)} AND coalesce(${o}, 'absent') NOT IN ('yes', 'no')`),
    ].join(', ')} FROM ${unit.slice(0, -1)}_pairs`)
    const ours = steps.filter(step => step[0] === unit && step[1] === measure)
    const total = kind => ours.find(step => step[2] === kind)
    const sum = kind => ours.filter(step => step[2] === kind).reduce((s, step) => s + BigInt(step[4]), 0n)
    const where = `${unit}, ${measure}`
    same(`${where}, old yes`, total('old')[5], theirs[0])
    same(`${where}, old no`, total('old')[6], theirs[1])
    same(`${where}, new yes`, total('new')[5], theirs[2])
    same(`${where}, new no`, total('new')[6], theirs[3])
    same(`${where}, lost`, sum('lost'), theirs[4])
    same(`${where}, gained`, sum('gained'), theirs[5])
    same(`${where}, left`, sum('left'), theirs[6])
    same(`${where}, came`, sum('came'), theirs[7])
    if (unit !== 'servers') continue
    // Server by server: those whose answer is another one.
    const counts = answer => `if(coalesce(${answer}, '') IN ('yes', 'no'), ${answer}, '')`
    const changed = await rowsOf(`SELECT coalesce(o.host, n.host), coalesce(o.address, n.address),
        coalesce(o.port, n.port), ${counts(o)} AS a, ${counts(n)} AS b FROM server_pairs WHERE a <> b`)
    const listed = servers.filter(line => line[4] === measure && line[5] !== line[6])
      .map(([host, address, port, , , then, now]) => [host, address, port, then, now].join())
    same(`${where}, servers`, listed.sort().join(' '), changed.map(row => row.join()).sort().join(' '))
  }
}
for (const unknown of told) differences.push(`${unknown} is not compared here`)

// Each domain has one cause.
const [[all]] = await rowsOf('SELECT count(*) FROM domain_pairs')
same('causes', lines('causes.csv').reduce((s, line) => s + BigInt(line[5]), 0n), all)
const listed = new Set(lines('domains.csv').map(([domain]) => domain))
const [[unlisted]] = await rowsOf(`SELECT count(*) FROM domain_pairs
  WHERE coalesce(o.domain, n.domain) NOT IN (SELECT unnest([${[...listed].map(d => `'${d}'`).join(',') || "''"}]))`)
same('unchanged', lines('causes.csv').filter(([cause]) => cause === 'unchanged')
  .reduce((s, line) => s + BigInt(line[5]), 0n), unlisted)

connection.closeSync()
instance.closeSync()
for (const difference of differences) console.error(`diff.mjs: ${difference}`)
console.log(`${compared} numbers compared, ${differences.length} differences`)
process.exitCode = differences.length === 0 ? 0 : 1
