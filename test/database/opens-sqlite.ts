// Opens the file that it is told, and tells how that went.
import { DatabaseFault } from '../../src/database/database-fault.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';

const [, , file = ''] = process.argv;
const told = await openSqlite({
  file,
  durability: 'normal',
  schema: { part: 'letters', migrations: [] },
  busyTimeoutMs: 100,
}).then(
  () => 'opened',
  (error: unknown) => (error instanceof DatabaseFault ? `${error.kind} ${error.message}` : String(error)),
);
process.send?.(told);
process.disconnect();
