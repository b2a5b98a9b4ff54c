import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Field, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table.tsx';
import { go, here, setQuery } from '../../shell/router.ts';
import { whole } from '../analytics/formats.ts';
import { ConfirmDialog } from '../people/confirm-dialog.tsx';
import { TEXTS } from './texts.ts';
import type { KindTexts } from './texts.ts';

const PAGE = 50;
const MOST = 1000;

export interface DocumentsListProps {
  readonly of: KindTexts;
  /** Of what a document says. */
  readonly columns: readonly Column<ResourceJson>[];
  readonly mayWrite: boolean;
}

/** Documents of one kind, each leading to its page. */
export function DocumentsList({ columns, mayWrite, of }: DocumentsListProps): JSX.Element {
  const search = here.value.searchParams.get('q') ?? '';
  const [pageSize, setPageSize] = useState(PAGE);
  const [isMaking, setMaking] = useState(false);
  const found = useCall(listResources, { kinds: [of.kind], search, pageSize });
  return (
    <Page
      title={of.title}
      lead={of.lead}
      actions={
        mayWrite && (
          <button type="button" class="main" onClick={() => setMaking(true)}>
            {of.create}
          </button>
        )
      }
    >
      <form class="ops-filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <input
          type="search"
          aria-label={TEXTS.search}
          placeholder={TEXTS.search}
          defaultValue={search}
          onChange={({ currentTarget }) => setQuery({ q: currentTarget.value.trim() })}
        />
      </form>
      <Show of={found}>
        {({ nextPageToken = '', resources = [], total = 0 }) => (
          <Table<ResourceJson>
            caption={of.title}
            rows={resources}
            keyOf={({ name, namespace }) => `${namespace}/${name}`}
            hrefOf={({ name = '', namespace = 'default' }) =>
              `${of.address}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
            }
            columns={[
              {
                id: 'name',
                title: TEXTS.name,
                cell: ({ document, name }) => {
                  const { displayName } = (document?.['metadata'] ?? {}) as { readonly displayName?: string };
                  return <Given text={displayName || name} />;
                },
              },
              ...columns,
              {
                id: 'changed',
                title: 'Changed',
                isMinor: true,
                cell: ({ changedAt }) => <Time at={changedAt} />,
              },
            ]}
            empty={
              search === '' ? (
                <Empty title={of.none}>{of.noneHelp}</Empty>
              ) : (
                <Empty title={TEXTS.noneFound} icon="search">
                  <a class="button" href={of.address}>
                    {TEXTS.showAll}
                  </a>
                </Empty>
              )
            }
            {...(nextPageToken !== '' && {
              count: `${whole(resources.length)} of ${whole(total)}`,
              ...(pageSize < MOST && { more: () => setPageSize(Math.min(MOST, pageSize + PAGE)) }),
            })}
          />
        )}
      </Show>
      {isMaking && <NewDialog of={of} onClose={() => setMaking(false)} />}
    </Page>
  );
}

/** Its name cannot be changed later: it is asked for first. */
function NewDialog({ of, onClose }: { readonly of: KindTexts; readonly onClose: () => void }): JSX.Element {
  const [namespace, setNamespace] = useState(of.namespace);
  const [name, setName] = useState('');
  return (
    <ConfirmDialog
      title={of.create}
      text={TEXTS.began}
      isReady={name !== '' && namespace !== ''}
      onClose={onClose}
      act={async () => {
        onClose();
        go(`${of.address}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?new=yes`);
      }}
    >
      <Field label={TEXTS.name} id="new-name" help="Lower-case letters, digits and -. It stays.">
        <input
          id="new-name"
          value={name}
          aria-describedby="new-name-help"
          onInput={({ currentTarget }) => setName(currentTarget.value.trim())}
        />
      </Field>
      <Field label={TEXTS.namespace} id="new-namespace">
        <input
          id="new-namespace"
          value={namespace}
          onInput={({ currentTarget }) => setNamespace(currentTarget.value.trim())}
        />
      </Field>
    </ConfirmDialog>
  );
}
