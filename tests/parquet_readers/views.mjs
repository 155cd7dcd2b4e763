// Holds the views of sql/duckdb.sql over a scan of the lab against the lab's own truth, added up here.
//
//   node views.mjs VIEWS SCAN TRUTH [ROWS]
//
// TRUTH: the folder with domains.ndjson, mx_hosts.ndjson, endpoints.ndjson, certificates.ndjson.
// ROWS: a file to write all rows of the views to, for other readers. Exit code 1, with a sentence
// about each difference.
import { readFileSync, writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [views, scan, truth, rowsFile] = process.argv.slice(2)
const rows = table => readFileSync(`${truth}/${table}.ndjson`, 'utf8')
  .split('\n').filter(line => line).map(line => JSON.parse(line))
const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run(`SET VARIABLE scan = '${scan.replaceAll("'", "''")}'`)
await connection.run(readFileSync(views, 'utf8'))

let differences = 0
// Both: text → text or number.
function compare(view, truths, found) {
  for (const key of new Set([...truths.keys(), ...found.keys()])) {
    if (String(truths.get(key)) === String(found.get(key))) continue
    differences += 1
    console.error(`${view}, ${key}: the lab says ${truths.get(key)}, the view ${found.get(key)}`)
  }
  if (truths.size === 0) throw new Error(`no truth for ${view}`)
  console.log(`${view}: ${truths.size} rows`)
}
async function viewRows(query) {
  const result = await connection.runAndReadAll(query)
  return new Map(result.getRowsJson().map(([key, ...values]) => [key, values.join(', ')]))
}
const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1)

const domains = rows('domains')
// Of some the lab leaves open what DANE comes to.
const daneInScan = await viewRows('SELECT domain, dane_status FROM scan_domains')
for (const domain of domains) {
  if (domain.dane_status === undefined) domain.dane_status = daneInScan.get(domain.domain) || null
}
const endpointsOf = new Map()
for (const row of rows('endpoints')) {
  endpointsOf.set(row.host, [...endpointsOf.get(row.host) ?? [], row])
}
const providerOf = new Map(rows('mx_hosts').map(row => [row.host, row.provider]))
const certificates = new Map(rows('certificates').map(row => [row.sha256, row]))

function tlsOf({ outcome, stage, may_be_ours: ours }) {
  if (outcome === 'tls_ok') return 'encrypts'
  if (outcome === 'no_starttls') return 'no STARTTLS'
  if (outcome === 'starttls_refused') return 'refuses STARTTLS'
  const inTls = ['tls_alert', 'tls_protocol_error'].includes(outcome) ||
    (stage === 'handshake' && ['closed_early', 'reset'].includes(outcome))
  return inTls && ours === null ? 'fails' : 'not known'
}

// What all endpoints of a domain come to. Null without mail.
function tlsOfDomain(domain) {
  if (!['mx', 'implicit'].includes(domain.mx_status)) return null
  const all = domain.mx.flatMap(({ host }) => endpointsOf.get(host) ?? []).map(tlsOf)
  const unknown = domain.unknown_endpoint_count ?? 0
  if (all.length > 0 && unknown === 0 && all.every(tls => tls === 'encrypts')) return 'all'
  if (all.includes('encrypts')) return 'some'
  return all.length === 0 || unknown > 0 || all.includes('not known') ? 'not known' : 'none'
}

function mailOf({ mx_status: status }) {
  if (['mx', 'implicit'].includes(status)) return 'yes'
  return ['servfail', 'bogus', 'timeout', 'local_error'].includes(status) ? 'not known' : 'no'
}

const postures = new Map(domains.map(domain => {
  const providers = new Set((domain.mx ?? []).map(({ host }) => providerOf.get(host)).filter(p => p))
  return [domain.domain, [mailOf(domain), tlsOfDomain(domain), [...providers].sort().join(' '),
    domain.dane_status].join(', ')]
}))
compare('domain_posture', postures, await viewRows(
  "SELECT domain, mail, tls, array_to_string(providers, ' '), dane_status FROM domain_posture"))

const parameters = new Map()
for (const row of [...endpointsOf.values()].flat()) {
  if (row.outcome !== 'tls_ok') continue
  const exchange = row.group ?? (row.tls_version === 'TLSv1.3' ? 'not known' : 'RSA')
  count(parameters, [row.tls_version, row.cipher, exchange, row.leaf_key_type ?? 'not known',
    row.leaf_key_bits ?? ''].join(' '))
}
compare('tls_parameters', parameters, await viewRows(
  "SELECT concat_ws(' ', tls_version, cipher, key_exchange, key_type, " +
  "coalesce(key_bits::VARCHAR, '')), endpoints FROM tls_parameters"))

const dane = new Map()
for (const domain of domains) {
  if (mailOf(domain) !== 'yes') continue
  const tld = domain.domain.split('.').at(-1)
  const status = domain.dane_status ?? 'unknown'
  count(dane, `${tld} domains`)
  for (const of of ['full', 'partial', 'optional', 'broken', 'unknown']) {
    dane.set(`${tld} ${of}`, (dane.get(`${tld} ${of}`) ?? 0) + (status === of ? 1 : 0))
  }
}
compare('dane_by_tld', dane, await viewRows(
  "SELECT tld || ' ' || status, n FROM (UNPIVOT (SELECT * EXCLUDE (published, share_published) " +
  'FROM dane_by_tld) ON COLUMNS(* EXCLUDE tld) INTO NAME status VALUE n)'))

const weak = new Map()
for (const row of [...endpointsOf.values()].flat()) {
  const leaf = certificates.get(row.chain_sha256?.[0])
  if (!leaf) continue
  count(weak, `${row.provider} endpoints`)
  if (leaf.key_type === 'rsa' && leaf.key_bits < 2048) count(weak, `${row.provider} short_rsa`)
}
compare('weak_keys_by_provider', weak, await viewRows(
  "SELECT provider || ' ' || what, n FROM (UNPIVOT (SELECT provider, endpoints, short_rsa " +
  'FROM weak_keys_by_provider) ON endpoints, short_rsa INTO NAME what VALUE n) WHERE n > 0'))
if (rowsFile) {
  const all = {}
  for (const view of ['domain_posture', 'tls_parameters', 'dane_by_tld', 'weak_keys_by_provider']) {
    all[view] = (await connection.runAndReadAll(`SELECT * FROM ${view}`)).getRowObjectsJson()
  }
  writeFileSync(rowsFile, JSON.stringify(all))
}
process.exit(differences > 0 ? 1 : 0)
