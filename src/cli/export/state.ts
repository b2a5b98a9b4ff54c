import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { PLATFORM_NAMESPACE } from '../../document/names.ts';
import { UserError } from '../../errors.ts';
import { getOne, pagesOf } from '../platform/get.ts';
import { valueAt } from '../platform/resources.ts';
import type { Caller } from '../platform/server.ts';

interface Asked {
  /** None: every one. */
  readonly namespaces: readonly string[];
  readonly team: string | undefined;
  readonly owner: string | undefined;
}

interface State {
  readonly resources: readonly Resource[];
  readonly revision: bigint;
}

const MOST_TRIES = 10;

/**
 * All resources that were asked for, as of one revision.
 * @throws UserError (rejects with it)
 */
export async function readState(asked: Asked, caller: Caller): Promise<State> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const state = await readOnce(asked, caller);
    if (state !== undefined) return state;
  }
  throw new UserError('others write so often that the state could not be read as of one revision: try again');
}

/** @returns undefined: others have written meanwhile */
async function readOnce({ team, owner, namespaces }: Asked, caller: Caller): Promise<State | undefined> {
  const selection = owner === undefined ? {} : { owner };
  if (team === undefined) return readPages([{ ...selection, namespaces }], caller);
  const found = await getOne({ kind: 'Team', namespace: PLATFORM_NAMESPACE, name: team }, caller);
  const own = valueAt(found.document, 'spec.namespaces');
  const ofTeam = Array.isArray(own) ? own.filter((each) => typeof each === 'string') : [];
  const state = await readPages(
    [
      { ...selection, kinds: ['Team'], where: { 'metadata.name': team } },
      ...(ofTeam.length === 0 ? [] : [{ ...selection, namespaces: ofTeam }]),
      { ...selection, kinds: ['Api', 'ClientApplication'], where: { 'metadata.owner': team } },
    ],
    caller,
  );
  // Its namespaces may be others by now.
  const isAsBefore = state?.resources.some(({ kind, revision }) => kind === 'Team' && revision === found.revision);
  return isAsBefore === true || owner !== undefined ? state : undefined;
}

async function readPages(requests: readonly object[], caller: Caller): Promise<State | undefined> {
  const resources = new Map<string, Resource>();
  let first: bigint | undefined;
  for (const request of requests) {
    let left: number | undefined;
    for await (const page of pagesOf(request, caller)) {
      first ??= page.revision;
      left = (left ?? page.total) - page.resources.length;
      if (page.revision !== first) return undefined;
      for (const resource of page.resources) {
        if (resource.revision > first) return undefined;
        resources.set(JSON.stringify([resource.kind, resource.namespace, resource.name]), resource);
      }
    }
    // One that was deleted meanwhile is on no page.
    if (left !== 0) return undefined;
  }
  return { resources: [...resources.values()], revision: first ?? 0n };
}
