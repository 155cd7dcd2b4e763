// Version × key of the servers that encrypt, with Polars (nodejs-polars):
//   node polars.mjs SCAN
// A host that was asked again has a row for each time; Polars keeps the last one.
import pl from 'nodejs-polars'

const table = pl.scanParquet(`${process.argv[2]}/endpoints/*.parquet`)
  .select('host', 'address', 'port', 'outcome', 'started_at', 'tls_version', 'leaf_key_type', 'leaf_key_bits')
  .sort('started_at')
  .unique({ subset: ['host', 'address', 'port'], keep: 'last' })
  .filter(pl.col('outcome').eq(pl.lit('tls_ok')))
  .groupBy(['tls_version', 'leaf_key_type', 'leaf_key_bits'])
  .agg(pl.count('host').alias('endpoints'))
  .sort(pl.col('endpoints'), true)
  .collectSync()
process.stdout.write(table.writeCSV().toString())
