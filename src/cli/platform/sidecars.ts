import { durationMs, timestampDate } from '@bufbuild/protobuf/wkt';
import {
  ForgetSidecarResponseSchema,
  ListSidecarsResponseSchema,
  SidecarState,
} from '../../../gen/ostiary/v1/sidecars_pb.js';
import type { Sidecar } from '../../../gen/ostiary/v1/sidecars_pb.js';
import type { Scope } from '../../../gen/ostiary/v1/sync_pb.js';
import { systemClock } from '../../clock.ts';
import { didYouMean } from '../../nearest.ts';
import { UserError } from '../../errors.ts';
import { oneOf, toggle } from '../../flags.ts';
import { scopeWords } from '../../sync/scope.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { duration, whole } from '../analytics/units.ts';
import { defineCommand } from '../command.ts';
import { isoText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

const ACTIONS = ['forget'];

/** Tells what each sidecar enforces. */
export const command = defineCommand({
  usage: 'sidecars [forget NAME] [FLAGS]',
  summary:
    'Lists the sidecars that follow the control plane: what each enforces, how far it lags, and its faults.\n' +
    'forget: ends the credential of one that will not come back, so that receipts no longer count it.\n' +
    'Exit code 1 if --lagging finds one.',
  examples: ['sidecars', 'sidecars --lagging -o json', 'sidecars forget orders-7f9c'],
  flags: {
    lagging: toggle('only those that do not enforce the latest revision'),
    output: { ...oneOf('table', ['table', 'json'], 'a table, or JSON'), short: 'o' },
    ...serverFlags,
  },
  maxArguments: 2,
  argumentWords: ACTIONS,
  concerned: ([action]) => (action === undefined ? undefined : ['server', 'serverCa', 'requestTimeout', 'tokenFile']),
  async run({ values, positionals: [action, name] }, environment) {
    const caller = { values, environment };
    if (action === 'forget') return forget(name, caller);
    if (action !== undefined) {
      const given = JSON.stringify(action);
      const meant = didYouMean(action, ACTIONS) || '.';
      throw new UserError(`there is no action ${given}${meant} Expected ostiary sidecars [forget NAME]`, 2);
    }
    const request = { lagging: values.lagging };
    const { sidecars, revision } = await callServer(
      'SidecarService/ListSidecars',
      request,
      ListSidecarsResponseSchema,
      caller,
    );
    if (values.output === 'json') printJson({ revision: Number(revision), sidecars: sidecars.map(jsonOf) });
    else process.stdout.write(textOf(sidecars, revision, values.lagging));
    return values.lagging && sidecars.length > 0 ? 1 : 0;
  },
});

async function forget(node: string | undefined, caller: Caller): Promise<number> {
  if (node === undefined) throw new UserError('which sidecar? ostiary sidecars forget NAME', 2);
  await callServer('SidecarService/ForgetSidecar', { node }, ForgetSidecarResponseSchema, caller);
  process.stdout.write(`sidecar ${shown(node)} is forgotten: its credential has ended\n`);
  return 0;
}

const STATES: ReadonlyMap<SidecarState, string> = new Map([
  [SidecarState.IN_SYNC, 'in sync'],
  [SidecarState.PENDING, 'pending'],
  [SidecarState.FAULTY, 'faulty'],
  [SidecarState.UNKNOWN_HISTORY, 'other log'],
  [SidecarState.UNREACHABLE, 'unreachable'],
  [SidecarState.LEFT, 'left'],
  [SidecarState.STALE, 'stale'],
]);

function textOf(sidecars: readonly Sidecar[], revision: bigint, isLagging: boolean): string {
  if (sidecars.length === 0) {
    return isLagging
      ? `every sidecar enforces revision ${revision}\n`
      : 'no sidecar has joined: ostiary token create --sidecar makes a token, and ostiary serve --control uses it\n';
  }
  const columns = ['NAME', 'STATE', 'REVISION', 'LAG', 'FAULTS', 'LAST CONTACT', 'VERSION', 'SCOPE'].map((title) => ({
    title,
    isNumber: title === 'REVISION' || title === 'FAULTS',
  }));
  const now = systemClock.now();
  const rows = sidecars.map((each) => [
    each.node,
    STATES.get(each.state) ?? 'unknown',
    each.revision === 0n ? '-' : String(each.revision),
    each.lag === undefined ? '-' : duration(Math.round(durationMs(each.lag))),
    String(each.faults.length),
    each.lastContact === undefined
      ? 'never'
      : `${duration(Math.max(0, now - Number(timestampDate(each.lastContact))))} ago`,
    each.version,
    scopeText(each.scope),
  ]);
  const inSync = sidecars.filter(({ state }) => state === SidecarState.IN_SYNC).length;
  const faults = sidecars.flatMap(({ node, faults: told }) =>
    told.map(
      ({ resource, field, message }) =>
        `${shown([node, resource, field, message].filter((part) => part !== '').join(': '))}\n`,
    ),
  );
  // As a receipt counts: these serve nothing.
  const serving = sidecars.filter(({ state }) => state !== SidecarState.LEFT && state !== SidecarState.STALE);
  const last = `${whole(inSync)} of ${whole(serving.length)} enforce revision ${revision}\n`;
  return table(columns, rows) + faults.join('') + (isLagging ? '' : last);
}

/** For people. */
export function scopeText(scope: Scope | undefined): string {
  return scope === undefined ? 'everything' : scopeWords(scope);
}

function jsonOf(sidecar: Sidecar): object {
  const { node, state, version, revision, lag, faults, lastContact, joined, labels, scope } = sidecar;
  return {
    name: node,
    state: (STATES.get(state) ?? 'unknown').replace(' ', '_'),
    version,
    revision: Number(revision),
    lagMs: lag === undefined ? 0 : Math.round(durationMs(lag)),
    faults: faults.map(({ resource, field, message }) => ({ resource, field, message })),
    labels,
    scope: { namespaces: scope?.namespaces ?? [], apis: scope?.apis ?? [], labels: scope?.labels ?? {} },
    ...(joined !== undefined && { joined: isoText(joined) }),
    ...(lastContact !== undefined && { lastContact: isoText(lastContact) }),
  };
}
