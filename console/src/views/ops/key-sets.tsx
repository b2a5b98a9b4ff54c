import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { KeySetRefreshJson } from '../../../../gen/ostiary/v1/inspection_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import type { CallError } from '../../api/call.ts';
import { Badge, Given } from '../../parts/small.tsx';
import { Failed } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { whole } from '../analytics/formats.ts';
import { askSidecar } from './methods.ts';
import { TEXTS } from './texts.ts';

/** Fetches the key sets of a sidecar anew, and tells what came of each. */
export function KeySets({ node }: { readonly node: string }): JSX.Element {
  const [sets, setSets] = useState<readonly KeySetRefreshJson[]>();
  const [error, setError] = useState<CallError>();
  const [isBusy, setBusy] = useState(false);
  const refresh = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await call(askSidecar, { node, refreshKeys: {}, timeout: '30s' });
      setSets(answer.refreshKeys?.sets ?? []);
    } catch (reason) {
      setError(callErrorOf(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section>
      <h2>{TEXTS.keySets}</h2>
      <p class="quiet">{TEXTS.keySetsHelp}</p>
      <button type="button" disabled={isBusy} onClick={() => void refresh()}>
        {isBusy ? 'Fetching…' : TEXTS.refreshKeys}
      </button>
      {error !== undefined && <Failed error={error} isBeside />}
      {sets !== undefined && (
        <Table<KeySetRefreshJson>
          caption={TEXTS.keySets}
          rows={sets}
          keyOf={({ url = '' }) => url}
          columns={[
            { id: 'url', title: 'Key set', cell: ({ url }) => <Given text={url} /> },
            {
              id: 'outcome',
              title: 'Outcome',
              cell: ({ detail, outcome = '' }) => (
                <span>
                  <Badge tone={outcome === 'success' ? 'good' : 'bad'}>{outcome.replaceAll('_', ' ')}</Badge>{' '}
                  <Given text={detail} />
                </span>
              ),
            },
            { id: 'keys', title: 'Keys', isNumber: true, cell: ({ keys = 0 }) => whole(keys) },
            { id: 'withdrawn', title: 'Withdrawn', isNumber: true, cell: ({ withdrawn = 0 }) => whole(withdrawn) },
          ]}
          empty={<p class="quiet">No policy here uses a key set.</p>}
        />
      )}
    </section>
  );
}
