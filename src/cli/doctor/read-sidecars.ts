import { durationMs } from '@bufbuild/protobuf/wkt';
import { ListSidecarsResponseSchema, SidecarState } from '../../../gen/ostiary/v1/sidecars_pb.js';
import type { Sidecar } from '../../../gen/ostiary/v1/sidecars_pb.js';
import type { SidecarState as SeenSidecar } from '../../doctor/service-state.ts';
import type { World } from '../../doctor/world.ts';
import { UserError } from '../../errors.ts';
import { count } from '../count.ts';
import { callServer } from '../platform/server.ts';
import type { Caller } from '../platform/server.ts';

/** Asks the control plane which of its sidecars enforce something old. */
export async function readSidecars(caller: Caller): Promise<Partial<Pick<World, 'sidecars' | 'unlooked' | 'looked'>>> {
  const { server } = caller.values;
  try {
    const { sidecars } = await callServer('SidecarService/ListSidecars', {}, ListSidecarsResponseSchema, caller);
    const seen = sidecars.map((each): SeenSidecar => ({ node: each.node, of: server, stale: staleness(each) }));
    return { sidecars: seen, looked: [`${count(seen.length, 'sidecar')} of ${server}`] };
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode === 2) throw error;
    return { unlooked: [{ what: `the control plane ${server}`, why: error.message }] };
  }
}

/** A change takes a moment to arrive. */
const USUAL_LAG_MS = 10_000;

function staleness({ state, lag, faults, revision }: Sidecar): string | undefined {
  const behind = lag === undefined ? '' : `, ${Math.round(durationMs(lag) / 1000)} s behind`;
  switch (state) {
    case SidecarState.IN_SYNC:
    case SidecarState.LEFT:
      return undefined;
    case SidecarState.PENDING:
      if (lag !== undefined && durationMs(lag) < USUAL_LAG_MS) return undefined;
      return `has not taken over the latest revision (it enforces ${revision}${behind})`;
    case SidecarState.FAULTY:
      return `holds back what has faults there: ${faults[0]?.message ?? 'it does not say which'}`;
    case SidecarState.UNKNOWN_HISTORY:
      return 'follows another history than its control plane has: ostiary sidecars tells which';
    default:
      return `does not follow now (it enforced ${revision}${behind})`;
  }
}
