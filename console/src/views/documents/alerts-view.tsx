import type { JSX } from 'preact';
import { Badge, Given } from '../../parts/small.tsx';
import { hasRole } from '../../shell/session.ts';
import { DocumentsList } from './documents-list.tsx';
import { ALERTS } from './texts.ts';
import { alertWords } from './alert-words.ts';

const TONES = { info: 'plain', warning: 'warning', critical: 'bad' } as const;

export default function AlertsView(): JSX.Element {
  return (
    <DocumentsList
      of={ALERTS}
      mayWrite={hasRole(['admin', 'owner'])}
      columns={[
        { id: 'when', title: 'Fires when', cell: ({ document }) => <Given text={alertWords(document)} /> },
        {
          id: 'severity',
          title: 'Severity',
          cell: ({ document }) => {
            const { severity = 'warning' } = (document?.['spec'] ?? {}) as { readonly severity?: keyof typeof TONES };
            return <Badge tone={TONES[severity] ?? 'plain'}>{severity}</Badge>;
          },
        },
        { id: 'namespace', title: 'Namespace', isMinor: true, cell: ({ namespace }) => <Given text={namespace} /> },
      ]}
    />
  );
}
