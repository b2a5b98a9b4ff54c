import type { JSX } from 'preact';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { listSamples } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { Given, Time } from '../../parts/small.tsx';
import { Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { fullName } from '../api/words.ts';
import { TEXTS } from './texts.ts';

const MOST = 50;
const WHY: Readonly<Record<string, string>> = {
  quota_spent: 'the quota was spent',
  client_rejected: 'client id, secret or contract was not accepted',
  api_key_rejected: 'the API key was not accepted',
  token_rejected: 'the token was not accepted',
  contract_missing: 'there is no contract in force',
};

export interface RefusalsProps {
  readonly namespace: string | undefined;
  readonly application: string | undefined;
  /** Of one API alone. */
  readonly api?: string;
}

/** Requests of an application that were refused lately, and why. */
export function Refusals({ namespace, application, api }: RefusalsProps): JSX.Element {
  const found = useCall(listSamples, {
    client: fullName(namespace, application),
    ...(api !== undefined && { api }),
    limit: MOST,
  });
  return (
    <Show of={found} lines={4}>
      {({ samples = [] }) => (
        <Table<SampleJson>
          caption={TEXTS.refused}
          rows={samples.filter(({ outcome }) => outcome === 'blocked')}
          keyOf={({ id = '', received = '' }) => `${id} ${received}`}
          columns={[
            { id: 'when', title: 'When', cell: ({ received }) => <Time at={received} /> },
            { id: 'why', title: 'Why', cell: ({ reason = '' }) => WHY[reason] ?? reason.replaceAll('_', ' ') },
            { id: 'status', title: 'Status', cell: ({ status }) => status, isNumber: true },
            {
              id: 'request',
              title: 'Request',
              cell: ({ method, route }) => (
                <code>
                  <Given text={`${method ?? ''} ${route ?? ''}`} />
                </code>
              ),
            },
            {
              id: 'id',
              title: 'Request id',
              cell: ({ requestId, id }) => (
                <code class="request-id">
                  <Given text={requestId || id} />
                </code>
              ),
            },
          ]}
          empty={<p class="quiet">{TEXTS.nothingRefused}</p>}
        />
      )}
    </Show>
  );
}
