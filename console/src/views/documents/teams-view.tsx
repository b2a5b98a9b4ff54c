import type { JSX } from 'preact';
import { Given } from '../../parts/small.tsx';
import { hasRole } from '../../shell/session.ts';
import { DocumentsList } from './documents-list.tsx';
import { TEAMS } from './texts.ts';

interface TeamSpec {
  readonly namespaces?: readonly string[];
  readonly members?: readonly unknown[];
}

export default function TeamsView(): JSX.Element {
  return (
    <DocumentsList
      of={TEAMS}
      mayWrite={hasRole(['admin'], 'platform')}
      columns={[
        {
          id: 'namespaces',
          title: 'Owns',
          cell: ({ document }) => <Given text={((document?.['spec'] ?? {}) as TeamSpec).namespaces?.join(', ')} />,
        },
        {
          id: 'members',
          title: 'Members',
          isNumber: true,
          cell: ({ document }) => ((document?.['spec'] ?? {}) as TeamSpec).members?.length ?? 0,
        },
      ]}
    />
  );
}
