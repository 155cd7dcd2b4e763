// Counts with DuckDB what `mxsweep report --csv` has counted, over the same Parquet files.
//
//   node report.mjs SCAN NUMBERS
//
// SCAN: the scan's directory; NUMBERS: the folder of --csv, with every label (--top has no part in
// it). Exit code 0 when all agree to the last digit; 1 with a sentence about each difference.
import { readFileSync, readdirSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [scan, numbers] = process.argv.slice(2)
if (!numbers) {
  console.error('usage: node report.mjs SCAN NUMBERS')
  process.exit(2)
}

const mail = "mx_status IN ('mx', 'implicit')"
const completed = "outcome = 'tls_ok'"
const leaf = 'is_ca IS DISTINCT FROM true'
const level = column => `coalesce('level ' || ${column}, 'not known')`
const known = column => `coalesce(${column}, 'not known')`
const asked = column => `coalesce(${column}, 'not asked')`
const key = (type, bits) => `coalesce(${type} || coalesce(' ' || ${bits}, ''), 'not known')`
const failed = "(outcome IN ('tls_alert', 'tls_protocol_error') OR " +
  "(stage = 'handshake' AND outcome IN ('closed_early', 'reset')))"
const days = "date_diff('microsecond', not_before, not_after) / 86400000000.0"
const left = "date_diff('microsecond', started_at, not_after) / 86400000000.0"

// Of each CSV: table, what counts, its label.
const breakdowns = {
  domain_mx_status: ['domains', 'true', 'mx_status'],
  domain_diagnosis: ['domains', 'true', 'diagnosis'],
  domain_mx_dnssec: ['domains', mail, known('mx_dnssec')],
  domain_dane_status: ['domains', mail, known('dane_status')],
  domain_pkix_status: ['domains', mail, known('pkix_status')],
  domain_min_tls_version: ['domains', mail, known('min_tls_version')],
  domain_max_tls_version: ['domains', mail, known('max_tls_version')],
  domain_weakest_session_level: ['domains', mail, level('weakest_session_level')],
  domain_weakest_certificate_level: ['domains', mail, level('weakest_certificate_level')],
  domain_mta_sts_status: ['domains', mail, asked('mta_sts_status')],
  domain_mta_sts_mode: ['domains', "mta_sts_status = 'valid'", known('mta_sts_mode')],
  domain_mta_sts_sender: ['domains', mail, asked('mta_sts_sender')],
  domain_tlsrpt_status: ['domains', mail, asked('tlsrpt_status')],
  server_outcome: ['endpoints', 'true', 'outcome'],
  server_starttls: ['endpoints', 'true',
    "CASE WHEN outcome IN ('tls_ok', 'starttls_refused') OR stage IN ('starttls', 'handshake') " +
    "THEN 'offered' WHEN outcome = 'no_starttls' THEN 'not offered' ELSE 'not known' END"],
  server_tls: ['endpoints', 'true',
    `CASE WHEN ${completed} THEN 'encrypts' WHEN outcome = 'no_starttls' THEN 'no STARTTLS' ` +
    "WHEN outcome = 'starttls_refused' THEN 'refuses STARTTLS' " +
    `WHEN ${failed} AND may_be_ours IS NOT NULL THEN ` +
    "'fails with our client, perhaps not with others' " +
    `WHEN ${failed} THEN 'handshake fails' ELSE 'not known' END`],
  server_tls_version: ['endpoints', completed, known('tls_version')],
  server_cipher: ['endpoints', completed, known('cipher')],
  server_group: ['endpoints', completed,
    `coalesce("group", CASE WHEN tls_version < 'TLSv1.3' THEN 'RSA key exchange' END, 'not known')`],
  server_post_quantum: ['endpoints', completed,
    `CASE WHEN contains("group", 'MLKEM') THEN 'negotiated' ` +
    "WHEN len(pq_groups) > 0 THEN 'accepted if asked for' " +
    "WHEN pq_groups IS NOT NULL AND coalesce(len(pq_groups_unknown), 0) = 0 THEN 'no' " +
    "WHEN tls_version < 'TLSv1.3' AND coalesce(offer, 'usual') <> 'tls12' THEN 'no: no TLS 1.3' " +
    "WHEN offered_post_quantum THEN 'not known: another group was chosen' " +
    "ELSE 'not known: not offered' END"],
  server_key: ['endpoints', completed, key('leaf_key_type', 'leaf_key_bits')],
  server_signature: ['endpoints', completed, known('leaf_signature_algorithm')],
  server_session_level: ['endpoints', completed, level('session_level')],
  server_certificate_level: ['endpoints', completed, level('certificate_level')],
  server_trust: ['endpoints', completed,
    "CASE WHEN pkix_status <> 'valid' THEN 'not trusted: ' || pkix_status " +
    "WHEN pkix_status IS NULL OR name_match IS NULL THEN 'not known' " +
    "WHEN name_match = 'none' THEN 'trusted for another name' ELSE 'trusted for this name' END"],
  server_expiry: ['endpoints', completed,
    `CASE WHEN not_after IS NULL THEN 'not known' WHEN ${left} < 0 THEN 'expired' ` +
    `WHEN ${left} < 7 THEN 'within 7 days' WHEN ${left} < 30 THEN 'within 30 days' ` +
    `WHEN ${left} < 90 THEN 'within 90 days' ELSE 'later' END`],
  server_revocation: ['endpoints', completed, asked('revocation_status')],
  server_after_tls: ['endpoints', completed, known('after_tls')],
  server_dane_status: ['endpoints', 'true', "coalesce(dane_status, 'not judged')"],
  server_rpt_result: ['endpoints', 'true', "coalesce(rpt_result, 'nothing to report')"],
  server_alert: ['endpoints', "outcome = 'tls_alert'", known('alert_received')],
  server_inferred: ['endpoints', 'true', "CASE WHEN inferred THEN 'inferred' ELSE 'asked' END"],
  certificate_key: ['certificates', leaf, key('key_type', 'key_bits')],
  certificate_signature: ['certificates', leaf, known('signature_algorithm')],
  certificate_lifetime: ['certificates', leaf,
    `CASE WHEN not_before IS NULL OR not_after IS NULL THEN 'not known' ` +
    `WHEN ${days} < 0 THEN 'ends before it begins' WHEN ${days} <= 10 THEN 'up to 10 days' ` +
    `WHEN ${days} <= 47 THEN 'up to 47 days' WHEN ${days} <= 100 THEN 'up to 100 days' ` +
    `WHEN ${days} <= 200 THEN 'up to 200 days' WHEN ${days} <= 398 THEN 'up to 398 days' ` +
    `WHEN ${days} <= 825 THEN 'up to 825 days' ELSE 'longer' END`],
  certificate_issuer: ['certificates', leaf, known('issuer')],
  certificate_weak_key: ['certificate_words', 'true', 'word'],
}

// A cell as the CSV has it: no formula, nothing that a terminal or page would obey.
function shown(label) {
  const printable = label.replace(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?')
  return /^[=+\-@]/.test(printable) ? "'" + printable : printable
}

function parseCsv(text) {
  const rows = []
  for (const line of text.trimEnd().split('\n')) {
    rows.push([...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)]
      .map(cell => cell[1] === undefined ? cell[2] : cell[1].replaceAll('""', '"')))
  }
  return rows.slice(1)
}

const differences = []
let compared = 0

function same(where, ours, theirs) {
  compared++
  if (String(ours) !== String(theirs)) differences.push(`${where}: report ${ours}, DuckDB ${theirs}`)
}

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const rowsOf = async sql => (await connection.runAndReadAll(sql)).getRows()

await connection.run("SET TimeZone = 'UTC'")
for (const table of ['domains', 'certificates']) {
  await connection.run(`CREATE VIEW ${table} AS SELECT * FROM '${scan}/${table}/*.parquet'`)
}
for (const [table, place] of [['endpoints', 'host, address, port'], ['mx_hosts', 'host']]) {
  // The latest row supersedes the others.
  await connection.run(`CREATE TABLE ${table} AS SELECT * FROM '${scan}/${table}/*.parquet' ` +
    `QUALIFY row_number() OVER (PARTITION BY ${place} ORDER BY started_at DESC) = 1`)
}
await connection.run(
  'CREATE VIEW certificate_words AS SELECT unnest(weak_key) AS word FROM certificates ' +
  "UNION ALL SELECT 'none of these' FROM certificates WHERE coalesce(len(weak_key), 0) = 0")

for (const [id, [table, counts, label]] of Object.entries(breakdowns)) {
  const theirs = new Map()
  for (const [name, count] of await rowsOf(
    `SELECT ${label} AS label, count(*) FROM ${table} WHERE ${counts} GROUP BY label`)) {
    theirs.set(shown(name), (theirs.get(shown(name)) ?? 0n) + count)
  }
  const whole = table === 'certificate_words' ? 'certificates' : table
  const [[all]] = await rowsOf(`SELECT count(*) FROM ${whole} WHERE ${counts}`)
  const ours = new Map()
  for (const [name, count, of] of parseCsv(readFileSync(`${numbers}/${id}.csv`, 'utf8'))) {
    ours.set(name, (ours.get(name) ?? 0n) + BigInt(count))
    same(`${id}, whole`, of, all)
  }
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    // The report has "none of these" even of none.
    same(`${id}, ${name}`, ours.get(name) ?? 0n, theirs.get(name) ?? 0n)
  }
}

const totals = {
  domains: 'SELECT count(*) FROM domains',
  servers: 'SELECT count(*) FROM endpoints',
  certificates: 'SELECT count(*) FROM certificates',
  inferred_servers: 'SELECT count(*) FROM endpoints WHERE inferred',
  unasked_servers: "SELECT count(*) FROM endpoints WHERE outcome = 'blocked' OR " +
    "starts_with(outcome, 'not_asked_') OR starts_with(outcome, 'local_')",
  silent_servers: "SELECT count(*) FROM endpoints WHERE ends_with(outcome, '_timeout')",
}
const ourTotals = new Map(parseCsv(readFileSync(`${numbers}/totals.csv`, 'utf8')))
for (const [what, sql] of Object.entries(totals)) {
  same(`totals, ${what}`, ourTotals.get(what), (await rowsOf(sql))[0][0])
}

for (const [column, isKnown, whole, ...quantiles] of
  parseCsv(readFileSync(`${numbers}/timings.csv`, 'utf8'))) {
  const [[count, all, ...theirs]] = await rowsOf(
    `SELECT count(${column}), count(*), ` + [0.5, 0.9, 0.99].map(
      q => `quantile_disc(${column}, ${q})`).join(', ') + ' FROM endpoints')
  same(`timings, ${column}, known`, isKnown, count)
  same(`timings, ${column}, whole`, whole, all)
  if (count > 0n) quantiles.forEach((us, i) => same(`timings, ${column}, ${i}`, us, theirs[i]))
}

// Nothing that the report counts goes unlooked at.
const others = ['policy', 'groups', 'hosts', 'timings', 'totals']
for (const file of readdirSync(numbers)) {
  const id = file.replace(/\.csv$/, '')
  if (!(id in breakdowns) && !others.includes(id)) differences.push(`${file} is not compared`)
}

// Groups by their domains, and what of them the tables say by themselves.
const [[isTld]] = await rowsOf(`SELECT ${parseCsv(readFileSync(`${numbers}/groups.csv`, 'utf8'))
  .every(([name]) => !name.includes('.'))}`)
const group = isTld ? "split_part(domain, '.', -1)"
  : "coalesce((SELECT provider FROM mx_hosts WHERE host = " +
    'list_sort([(m.preference, m.host) FOR m IN mx])[1][2]), \'\')'
const theirGroups = new Map((await rowsOf(
  `SELECT ${group} AS name, count(*), count(*) FILTER (dane_status = 'full'), ` +
  `count(*) FILTER (mta_sts_mode = 'enforce') FROM domains WHERE ${mail} GROUP BY name`))
  .map(([name, ...counts]) => [shown(name), counts]))
for (const row of parseCsv(readFileSync(`${numbers}/groups.csv`, 'utf8'))) {
  const theirs = theirGroups.get(row[0]) ?? [0n, 0n, 0n]
  same(`groups, ${row[0]}`, row[1], theirs[0])
  same(`groups, ${row[0]}, DANE`, row.at(-2), theirs[1])
  same(`groups, ${row[0]}, MTA-STS`, row.at(-1), theirs[2])
}

connection.closeSync()
instance.closeSync()
for (const difference of differences) console.error(`report.mjs: ${difference}`)
console.log(`${compared} numbers compared, ${differences.length} differences`)
process.exitCode = differences.length === 0 ? 0 : 1
