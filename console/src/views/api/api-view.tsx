import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CatalogApiJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { describeApi } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { Page, Tabs } from '../../parts/page.tsx';
import { Failed, Loading } from '../../parts/states.tsx';
import { here } from '../../shell/router.ts';
import type { ViewProps } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { Lifecycle } from '../catalog/lifecycle.tsx';
import { AccessTab } from './access-tab.tsx';
import { Overview } from './overview.tsx';
import { ReferenceTab } from './reference-tab.tsx';
import { RequestDialog } from './request-dialog.tsx';
import { TEXTS } from './texts.ts';
import { VersionsTab } from './versions-tab.tsx';

/** One API, as those who call it see it. */
export default function ApiView({ params: { namespace = '', name = '' } }: ViewProps): JSX.Element {
  const described = useCall(describeApi, { namespace, name });
  const [isAsking, setAsking] = useState(false);
  const above = [{ text: TEXTS.catalog, href: '/catalog' }];
  const api = described.data?.api;
  if (api === undefined) {
    return (
      <Page title={name} above={above}>
        {described.error === undefined ? (
          <Loading isPage />
        ) : (
          <Failed error={described.error} retry={described.reload} />
        )}
      </Page>
    );
  }
  const { entry = {}, closed = '' } = api;
  const base = `/catalog/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const chosen = here.value.searchParams.get('tab') ?? 'overview';
  const contracts = api.contracts ?? [];
  const versions = api.versions ?? [];
  const mayAsk = closed === '' && hasRole(['developer', 'admin']);
  const tabs = [
    { id: 'overview', text: TEXTS.overview, href: base },
    { id: 'reference', text: TEXTS.reference, href: `${base}?tab=reference` },
    {
      id: 'access',
      text: contracts.length === 0 ? TEXTS.access : `${TEXTS.access} (${contracts.length})`,
      href: `${base}?tab=access`,
    },
    ...(versions.length > 1
      ? [{ id: 'versions', text: `${TEXTS.versions} (${versions.length})`, href: `${base}?tab=versions` }]
      : []),
  ];
  const current = tabs.some(({ id }) => id === chosen) ? chosen : 'overview';
  return (
    <Page
      title={entry.displayName || name}
      above={above}
      lead={<Subtitle api={api} />}
      actions={
        mayAsk && (
          <button type="button" class={contracts.length === 0 ? 'main' : undefined} onClick={() => setAsking(true)}>
            {TEXTS.request}
          </button>
        )
      }
    >
      {described.error && <Failed error={described.error} retry={described.reload} isBeside />}
      {closed !== '' && <p class="notice warning">{closed}</p>}
      <Tabs tabs={tabs} current={current} />
      {tabOf(current, api, mayAsk ? () => setAsking(true) : undefined)}
      {isAsking && <RequestDialog api={api} onClose={() => setAsking(false)} onDone={described.reload} />}
    </Page>
  );
}

function tabOf(id: string, api: CatalogApiJson, ask: (() => void) | undefined): ComponentChildren {
  switch (id) {
    case 'reference':
      return <ReferenceTab api={api} />;
    case 'access':
      return <AccessTab api={api} ask={ask} />;
    case 'versions':
      return <VersionsTab api={api} />;
    default:
      return <Overview api={api} />;
  }
}

function Subtitle({ api: { entry = {} } }: { readonly api: CatalogApiJson }): JSX.Element {
  return (
    <span class="api-subtitle">
      <Lifecycle of={entry.lifecycle} />
      {entry.version && <span>{entry.version}</span>}
      <span>
        by <bdi>{entry.team}</bdi>
      </span>
      <code>
        <bdi>
          {entry.namespace}/{entry.name}
        </bdi>
      </code>
    </span>
  );
}
