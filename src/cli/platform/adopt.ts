import { AdoptHistoriesResponseSchema } from '../../../gen/ostiary/v1/sidecars_pb.js';
import { UserError } from '../../errors.ts';
import { shown } from '../analytics/shown.ts';
import { callServer } from './server.ts';
import type { Caller } from './server.ts';

/** Tells sidecars that follow another log to take the control plane's. @returns the exit code */
export async function adopt(extra: string | undefined, caller: Caller): Promise<number> {
  if (extra !== undefined)
    throw new UserError(`unexpected argument ${JSON.stringify(extra)}: ostiary control adopt`, 2);
  const { adopted } = await callServer('SidecarService/AdoptHistories', {}, AdoptHistoriesResponseSchema, caller);
  if (adopted.length === 0) process.stdout.write('no sidecar follows another log\n');
  for (const { history, nodes } of adopted) {
    const names = nodes.map(shown).join(', ') || 'none that is known yet';
    process.stdout.write(`sidecars of the log ${shown(history)} take this one: ${names}\n`);
  }
  return 0;
}
