import type { JSX } from 'preact';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Given } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';

export default function CatalogView(): JSX.Element {
  const apis = useCall(listResources, { kinds: ['Api'], pageSize: 50 });
  return (
    <Page title="Catalog" lead="APIs that you may ask for.">
      <Show of={apis}>
        {({ resources = [] }) => (
          <Table<ResourceJson>
            caption="APIs"
            columns={[
              { id: 'name', title: 'Name', cell: ({ name }) => <Given text={name} /> },
              { id: 'namespace', title: 'Namespace', cell: ({ namespace }) => <Given text={namespace} /> },
            ]}
            rows={resources}
            keyOf={({ namespace, name }) => `${namespace}/${name}`}
            empty={<Empty title="No APIs yet">Whoever owns one publishes it here.</Empty>}
          />
        )}
      </Show>
    </Page>
  );
}
