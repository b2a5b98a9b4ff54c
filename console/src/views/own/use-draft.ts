import { useMemo } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { draftOf } from './draft.ts';
import type { Draft } from './draft.ts';

/** The draft of an API, the same on each of its tabs. */
export function useDraft({ document, kind, name, namespace, revision = '0' }: ResourceJson): Draft {
  return useMemo(
    () => draftOf(`${kind} ${namespace}/${name}`, { document, revision }),
    [kind, namespace, name, revision],
  );
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  git: 'This API is kept in Git',
  kubernetes: 'This API is kept in a cluster',
  files: 'This API is kept in the files of the operator',
};

/** Why a resource can't be changed here; undefined: it can. */
export function keptElsewhere({ owner = '', source = '', view = '' }: ResourceJson): string | undefined {
  const where = ELSEWHERE[owner];
  if (where !== undefined) return `${where}${source === '' ? '' : `, at ${source}`}: change it there.`;
  return view === 'redacted' ? 'You see this API, and may not change it: its owners may.' : undefined;
}
