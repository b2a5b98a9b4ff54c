import type { JSX } from 'preact';
import type { CatalogApiJson, CatalogVersionJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Given } from '../../parts/small.tsx';
import { Table } from '../../parts/table.tsx';
import { Lifecycle } from '../catalog/lifecycle.tsx';
import { apiHref } from '../mine/addresses.ts';
import { TEXTS } from './texts.ts';

/** APIs of the same asset, the newest first. */
export function VersionsTab({ api: { entry, versions = [] } }: { readonly api: CatalogApiJson }): JSX.Element {
  return (
    <Table<CatalogVersionJson>
      caption={TEXTS.versions}
      rows={versions}
      keyOf={({ namespace, name }) => `${namespace}/${name}`}
      hrefOf={({ namespace, name }) => apiHref(namespace, name)}
      columns={[
        {
          id: 'version',
          title: 'Version',
          cell: ({ name, version }) => (
            <>
              <Given text={version || '–'} /> {name === entry?.name && <span class="quiet">{TEXTS.thisOne}</span>}
            </>
          ),
        },
        {
          id: 'name',
          title: 'Name',
          cell: ({ name }) => (
            <code>
              <Given text={name} />
            </code>
          ),
        },
        { id: 'lifecycle', title: 'Lifecycle', cell: ({ lifecycle }) => <Lifecycle of={lifecycle} /> },
      ]}
      empty={null}
    />
  );
}
