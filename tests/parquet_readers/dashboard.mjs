// Counts with DuckDB, from the lines of Postfix logs and from TLS reports, what `mxsweep dashboard --json` has counted.
//
//   node dashboard.mjs MAIL DASHBOARD
//
// MAIL: a folder of *.log, as examples/mail-of-four-days writes them, and *.json, each given to `dashboard` as well;
// DASHBOARD: what it said. Exit code 0 when all agree to the last digit; 1 with a sentence about each difference. The rules
// stand in docs/dashboard.md; here they are written in SQL.
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [mail, path] = process.argv.slice(2)
if (!path) {
  console.error('usage: node dashboard.mjs MAIL DASHBOARD')
  process.exit(2)
}
const dashboard = JSON.parse(readFileSync(path, 'utf8'))

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const rowsOf = async sql => (await connection.runAndReadAll(sql)).getRows()

await connection.run(`SET TimeZone = 'UTC';
CREATE TABLE lines AS
  WITH raw AS (SELECT filename, unnest(string_split(content, chr(10))) AS line FROM read_text('${mail}/*.log')),
  numbered AS (SELECT filename, line, row_number() OVER () AS number FROM raw)
  SELECT filename, number, epoch(strptime(m.time, '%Y-%m-%dT%H:%M:%SZ'))::BIGINT AS time, m.program, m.process, m.text
  FROM (SELECT filename, number, regexp_extract(line, '^(\\S+) \\S+ postfix/(smtpd?)\\[(\\d+)\\]: (.*)$',
    ['time', 'program', 'process', 'text']) AS m FROM numbered) WHERE m.time <> '';

-- A delivery was encrypted where what its process did before it was a TLS connection to the same server.
CREATE TABLE outbound AS
  WITH told AS (SELECT *, regexp_extract(text, 'TLS connection established to (\\S+): ', 1) AS encrypted_to,
      regexp_extract(text, ': to=<[^>]*@([^>]*)>, relay=([^,]+),.* status=sent ', ['domain', 'relay']) AS sent
    FROM lines WHERE program = 'smtp'),
  steps AS (SELECT *, lag(encrypted_to) OVER (PARTITION BY filename, process ORDER BY number) AS before
    FROM told WHERE encrypted_to <> '' OR sent.relay <> '')
  SELECT time, sent.domain AS name, regexp_extract(sent.relay, '([^.]+\\.[^.]+)\\[', 1) AS provider,
    if(before = sent.relay, 1, 0) AS encrypted, if(before = sent.relay, 0, 1) AS clear
  FROM steps WHERE sent.relay <> '';

-- A message came in the session that the next line of its process ends.
CREATE TABLE inbound AS
  WITH told AS (SELECT *, regexp_extract(text, ': client=(\\S+)\\[', 1) AS client,
      CASE WHEN starts_with(text, 'disconnect from ') THEN if(text LIKE '% starttls=1 %', 1, 0) END AS encrypted
    FROM lines WHERE program = 'smtpd'),
  steps AS (SELECT *, first_value(encrypted IGNORE NULLS) OVER (PARTITION BY filename, process ORDER BY number
      ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS ended FROM told)
  SELECT time, regexp_extract(client, '([^.]+\\.[^.]+)$', 1) AS name, name AS provider,
    ended AS encrypted, 1 - ended AS clear
  FROM steps WHERE client <> '';

-- What is the same but for the file is one report.
CREATE TABLE reported AS
  WITH reports AS (SELECT DISTINCT "report-id", "organization-name" AS name, "date-range" AS days, policies
    FROM read_json('${mail}/*.json'))
  SELECT epoch(days."start-datetime"::TIMESTAMP)::BIGINT AS time, name, name AS provider,
    summary."total-successful-session-count"::BIGINT AS encrypted,
    summary."total-failure-session-count"::BIGINT AS clear
  FROM (SELECT days, name, unnest(policies).summary AS summary FROM reports)`)

const differences = []
let compared = 0

function same(where, ours, theirs) {
  compared++
  if (String(ours) !== String(theirs)) differences.push(`${where}: dashboard ${ours}, DuckDB ${theirs}`)
}

function near(where, ours, theirs) {
  compared++
  if (!(Math.abs(ours - theirs) < 1e-9)) differences.push(`${where}: dashboard ${ours}, DuckDB ${theirs}`)
}

const seconds = time => Date.parse(time) / 1000
const counts = split => `${split.encrypted} and ${split.clear}`
const sumOf = 'coalesce(sum(encrypted), 0), coalesce(sum(clear), 0)'

// Bucket by bucket, and there are no others.
const bucketSeconds = {}
for (const { flow, bucket_seconds: width, buckets } of dashboard.flows) {
  bucketSeconds[flow] = width
  const theirs = new Map((await rowsOf(`SELECT time - time % ${width} AS begin, ${sumOf} FROM ${flow} GROUP BY begin`))
    .map(([begin, ...numbers]) => [Number(begin), numbers.join(' and ')]))
  for (const bucket of buckets) {
    const begin = seconds(bucket.from)
    same(`${flow} from ${bucket.from}`, counts(bucket), theirs.get(begin) ?? '0 and 0')
    same(`${flow} from ${bucket.from}, not told`, bucket.not_told, 0)
    theirs.delete(begin)
  }
  same(`${flow}, buckets that the dashboard has not`, 0, theirs.size)
}

const distinct = "SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (filename) FROM read_json('" + mail + "/*.json', filename = true))"
const [[files]] = await rowsOf(`SELECT count(*) FROM glob('${mail}/*.json')`)
const [[reports]] = await rowsOf(distinct)
same('TLS reports', dashboard.tls_reports, reports)
same('TLS reports given again', dashboard.tls_reports_given_again, files - reports)

// Each fall, and by whom: every place before and then.
for (const drop of dashboard.drops) {
  const where = `${drop.flow} fell ${drop.from}`
  const [was, is] = [seconds(drop.compared_from), seconds(drop.from)]
  const end = drop.until ? seconds(drop.until) : 1e11
  const then = `time >= ${is} AND time < ${end}`, before = `time >= ${was} AND time < ${is}`
  const select = `SELECT coalesce(sum(encrypted) FILTER (${before}), 0), coalesce(sum(clear) FILTER (${before}), 0),
    coalesce(sum(encrypted) FILTER (${then}), 0), coalesce(sum(clear) FILTER (${then}), 0)`
  const [[wasYes, wasNo, isYes, isNo]] = (await rowsOf(`${select} FROM ${drop.flow}`)).map(row => row.map(Number))
  same(`${where}, before`, counts(drop.before), `${wasYes} and ${wasNo}`)
  same(`${where}, then`, counts(drop.then), `${isYes} and ${isNo}`)
  near(`${where}, points`, drop.points, 100 * (isYes / (isYes + isNo) - wasYes / (wasYes + wasNo)))
  near(`${where}, causes`, drop.causes.reduce((sum, cause) => sum + cause.points, 0), drop.points)
  near(`${where}, providers`, drop.providers.reduce((sum, provider) => sum + provider.points, 0), drop.points)
  const theirs = new Map((await rowsOf(`${select}, provider, name FROM ${drop.flow}
    WHERE time >= ${was} AND time < ${end} GROUP BY provider, name`))
    .map(([a, b, c, d, provider, name]) => [`${provider}, ${name}`, `${a} and ${b}, ${c} and ${d}`]))
  for (const { provider, places } of drop.providers) {
    for (const place of places) {
      const who = `${provider}, ${place.name}`
      same(`${where}, ${who}`, `${counts(place.before)}, ${counts(place.then)}`, theirs.get(who) ?? 'nothing')
      theirs.delete(who)
    }
  }
  same(`${where}, places that the dashboard has not`, 0, theirs.size)
}
if (dashboard.drops.length === 0) differences.push('there is no fall to compare')

connection.closeSync()
instance.closeSync()
for (const difference of differences.slice(0, 20)) console.error(`dashboard.mjs: ${difference}`)
console.log(`${compared} numbers compared, ${differences.length} differences; buckets of ` +
  Object.entries(bucketSeconds).map(([flow, width]) => `${width} s (${flow})`).join(', '))
process.exitCode = differences.length === 0 ? 0 : 1
