import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { limitsWords } from '../../forms/limits-words.ts';
import { isRecord } from '../../forms/node.ts';
import { pathFrom } from '../../forms/paths.ts';
import { Badge, Given } from '../../parts/small.tsx';
import { Empty } from '../../parts/states.tsx';
import type { TabProps } from './api-view.tsx';
import { apiAddress } from './addresses.ts';
import { DocumentEditor } from './document-editor.tsx';
import { DraftBar } from './draft-bar.tsx';
import { useDraft } from './use-draft.ts';
import { count } from './traffic.tsx';

const NEW_TIER = { limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] };
const SECTIONS = [{ title: 'Tiers', path: ['spec'], fields: ['tiers'], first: ['tiers'] }] as const;

/** What applications may choose between, in words. */
export default function TiersTab({ isWritable, resource }: TabProps): JSX.Element {
  const draft = useDraft(resource);
  const [isOpen, setOpen] = useState(false);
  const { spec } = draft.value.value as { readonly spec?: Readonly<Record<string, unknown>> };
  const tiers = (Array.isArray(spec?.['tiers']) ? spec['tiers'] : []).filter(isRecord);
  const policies = (Array.isArray(spec?.['policies']) ? spec['policies'] : []).filter(isRecord);
  const isEnforced = policies.some(
    (policy) => (Object(policy['policyRef']) as { name?: string }).name === 'rate-limiting-sla',
  );
  const add = (): void => {
    const names = new Set(tiers.map(({ name }) => name));
    const name =
      ['bronze', 'silver', 'gold', 'platinum'].find((each) => !names.has(each)) ?? `tier-${tiers.length + 1}`;
    draft.set([...pathFrom('spec.tiers'), tiers.length], { name, ...NEW_TIER });
    setOpen(true);
  };
  return (
    <>
      <div class="own-head">
        <p class="quiet">An application chooses one of them when it asks for a contract.</p>
        {isWritable && (
          <span class="own-actions">
            {tiers.length > 0 && (
              <button type="button" aria-pressed={isOpen} onClick={() => setOpen(!isOpen)}>
                {isOpen ? 'Close the form' : 'Change'}
              </button>
            )}
            <button type="button" class="main" onClick={add}>
              Add a tier
            </button>
          </span>
        )}
      </div>
      {tiers.length > 0 && !isEnforced && (
        <p class="own-note">
          Nothing enforces these limits yet.{' '}
          <a href={apiAddress(resource.namespace, resource.name, 'policies')}>
            Add the policy Rate limiting by SLA tier
          </a>
          .
        </p>
      )}
      {tiers.length === 0 ? (
        <Empty title="No tiers">
          <p>Contracts with this API have no limits of their own.</p>
        </Empty>
      ) : (
        !isOpen && (
          <ul class="own-tiers">
            {tiers.map((tier, at) => (
              <Tier key={at} tier={tier} namespace={resource.namespace ?? 'default'} api={resource.name ?? ''} />
            ))}
          </ul>
        )
      )}
      {isOpen && (
        <DocumentEditor
          draft={draft}
          kind="Api"
          sections={SECTIONS}
          namespace={resource.namespace ?? 'default'}
          isWritable={isWritable}
        />
      )}
      <DraftBar draft={draft} />
    </>
  );
}

function Tier({
  api,
  namespace,
  tier,
}: {
  readonly tier: Readonly<Record<string, unknown>>;
  readonly namespace: string;
  readonly api: string;
}): JSX.Element {
  const name = String(tier['name']);
  const where = { 'spec.api': api, 'spec.tier': name, 'spec.status': 'approved' };
  const used = useCall(listResources, {
    kinds: ['Contract'],
    namespaces: [namespace],
    where,
    keysOnly: true,
    pageSize: 1,
  });
  return (
    <li>
      <h2>
        <Given text={name} />
      </h2>
      <p class="own-limit">{limitsWords(tier['limits'])}</p>
      {tier['proposedLimits'] !== undefined && (
        <p class="quiet">Tried in shadow: {limitsWords(tier['proposedLimits'])}</p>
      )}
      <p>
        {tier['autoApprove'] === true ? (
          <Badge tone="good">Approves at once</Badge>
        ) : (
          <Badge>{tier['approvers'] === 2 ? 'Two people approve' : 'Somebody approves'}</Badge>
        )}{' '}
        {tier['deprecated'] === true && <Badge tone="warning">Takes no new contracts</Badge>}
      </p>
      <p class="quiet">
        {used.data === undefined
          ? ''
          : `${count(used.data.total)} ${used.data.total === 1 ? 'contract' : 'contracts'} in force`}
      </p>
    </li>
  );
}
