// Adds slots to a history as fast as it can, keeps it up on a clock that runs ahead, and tells of what was added: until it
// is killed.
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { History } from '../../src/history/history.ts';
import { historySchema } from '../../src/history/schema.ts';
import type { HistoryTables } from '../../src/history/tables.ts';
import { NOON, rowOf, SECOND, Sender } from './slots.ts';

const [, , file = '', epoch = '', from = '0'] = process.argv;
let nowMs = NOON + Number(from) * 10 * SECOND;
const clock = { now: () => nowMs, monotonic: () => nowMs };
const database = await openSqlite<HistoryTables>({ file, durability: 'normal', schema: historySchema });
const history = new History(database, { clock });
const sender = new Sender('node', epoch);

for (let at = Number(from); ; at += 1) {
  nowMs = NOON + at * 10 * SECOND;
  const rows = Array.from({ length: 20 }, (_, client) => rowOf({ api: 'orders', client: `c${client}` }, [1 + client]));
  const slot = sender.slot(nowMs, rows, { decided: 20 });
  process.send?.({ sent: slot.sequence, startMs: nowMs });
  await history.receive([slot]);
  process.send?.({ added: slot.sequence });
  // Minutes and hours come to be all the time.
  if (at % 3 === 0) await history.keepUp();
}
