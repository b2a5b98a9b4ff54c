import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { getResource } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { Page, Tabs } from '../../parts/page.tsx';
import { Failed, Loading, NotFound, Show } from '../../parts/states.tsx';
import { CallError } from '../../api/call.ts';
import type { ViewProps } from '../../shell/router.ts';
import { TEXTS as SHARED } from '../../texts.ts';
import { apiAddress } from './addresses.ts';
import { LifecycleBadge } from './lifecycle-badge.tsx';
import { TEXTS } from './texts.ts';
import { keptElsewhere } from './use-draft.ts';

export interface TabProps {
  readonly resource: ResourceJson;
  /** It may be changed here. */
  readonly isWritable: boolean;
}

type Tab = ComponentType<TabProps>;

const TABS: Readonly<Record<string, () => Promise<{ readonly default: Tab }>>> = {
  overview: () => import('./overview-tab.tsx'),
  policies: () => import('./policies-tab.tsx'),
  tiers: () => import('./tiers-tab.tsx'),
  contracts: () => import('./contracts-tab.tsx'),
  specification: () => import('./specification-tab.tsx'),
  settings: () => import('./settings-tab.tsx'),
  history: () => import('./history-tab.tsx'),
};
const loaded = new Map<string, Tab>();

export default function ApiView({ params }: ViewProps): JSX.Element {
  const { name = '', namespace = '', tab = 'overview' } = params;
  const found = useCall(getResource, { kind: 'Api', namespace, name });
  if (!Object.hasOwn(TABS, tab)) return <NotFound />;
  const resource = found.data?.resource;
  const { displayName, lifecycle, version } = metadataOf(resource);
  return (
    <Page
      title={displayName ?? name}
      above={[{ text: TEXTS.myApis, href: '/apis' }]}
      lead={
        resource && (
          <span class="own-lead">
            <LifecycleBadge lifecycle={lifecycle} />{' '}
            <bdi>{namespace === 'default' ? name : `${namespace}/${name}`}</bdi>
            {version && <span>{version}</span>}
          </span>
        )
      }
    >
      <Tabs
        current={tab}
        tabs={Object.keys(TABS).map((id) => ({
          id,
          text: TEXTS.tabs[id] ?? id,
          href: apiAddress(namespace, name, id === 'overview' ? '' : id),
        }))}
      />
      <Show of={found} lines={8}>
        {({ resource: shown }) => (shown === undefined ? <NotFound /> : <Content tab={tab} resource={shown} />)}
      </Show>
    </Page>
  );
}

export function metadataOf(resource: ResourceJson | undefined): Readonly<Record<string, string | undefined>> {
  return ((resource?.document ?? {}) as { readonly metadata?: Record<string, string> }).metadata ?? {};
}

function Content({ resource, tab }: { readonly resource: ResourceJson; readonly tab: string }): JSX.Element {
  const [, draw] = useState(0);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (loaded.has(tab)) return;
    TABS[tab]?.().then(
      (file) => {
        loaded.set(tab, file.default);
        draw((count) => count + 1);
      },
      () => setLost(true),
    );
  }, [tab]);
  if (resource.view === 'catalog')
    return (
      <Failed
        error={
          new CallError('permission_denied', 'You find this API in the catalog. What its team does with it is its own.')
        }
      />
    );
  if (isLost) return <Failed error={new CallError('unreachable', SHARED.notLoaded)} retry={() => location.reload()} />;
  const Shown = loaded.get(tab);
  const why = keptElsewhere(resource);
  if (Shown === undefined) return <Loading />;
  return (
    <>
      {why !== undefined && tab !== 'contracts' && tab !== 'history' && (
        <p class="own-note">
          <bdi>{why}</bdi>
        </p>
      )}
      <Shown resource={resource} isWritable={why === undefined} />
    </>
  );
}
