import type { ComponentChildren, JSX } from 'preact';
import { useCall } from '../../api/use-call.ts';
import { isRecord } from '../../forms/node.ts';
import { limitsWords } from '../../forms/limits-words.ts';
import { policyLabel } from '../../forms/labels.ts';
import { Given, Time } from '../../parts/small.tsx';
import { apiAddress, qualified } from './addresses.ts';
import type { TabProps } from './api-view.tsx';
import { listRequests } from './own-methods.ts';
import { TEXTS } from './texts.ts';
import { count, percent, Spark, trafficByApi, useTraffic } from './traffic.tsx';
import { LifecycleSteps } from './lifecycle-steps.tsx';

/** What there is to know of an API at a glance. */
export default function OverviewTab({ isWritable, resource }: TabProps): JSX.Element {
  const { changedAt, name = '', namespace = '' } = resource;
  const { metadata = {}, spec = {} } = (resource.document ?? {}) as {
    readonly metadata?: Readonly<Record<string, string>>;
    readonly spec?: Readonly<Record<string, unknown>>;
  };
  const key = qualified(namespace, name);
  const traffic = useTraffic([key]);
  const day = traffic.data && trafficByApi(traffic.data).get(key);
  const waiting = useCall(listRequests, { namespace, api: name, pageSize: 1 }, { follows: ['Contract'] });
  const policies = (Array.isArray(spec['policies']) ? spec['policies'] : []).filter(isRecord);
  const tiers = (Array.isArray(spec['tiers']) ? spec['tiers'] : []).filter(isRecord);
  const hosts = Array.isArray(spec['hosts']) ? (spec['hosts'] as readonly string[]) : [];
  const total = waiting.data?.total ?? 0;
  return (
    <div class="own-overview">
      <div>
        {total > 0 && (
          <p class="own-waiting">
            <a href="/requests">{total === 1 ? '1 request waits' : `${count(total)} requests wait`} for a decision</a>
          </p>
        )}
        <h2>Last 24 hours</h2>
        <dl class="own-numbers">
          <Figure term="Requests">
            {count(day?.count)} {day !== undefined && <Spark hours={day.hours} />}
          </Figure>
          <Figure term="Errors">{percent(day?.errors ?? 0, day?.count ?? 0)}</Figure>
          <Figure term="Refused">{percent(day?.denials ?? 0, day?.count ?? 0)}</Figure>
        </dl>
        {traffic.error !== undefined && <p class="quiet">Counts are not there: {traffic.error.message}</p>}
        <h2>Policies, in their order</h2>
        {policies.length === 0 ? (
          <p>
            Nothing decides who may call.{' '}
            {isWritable && <a href={apiAddress(namespace, name, 'policies')}>{TEXTS.addPolicy}</a>}
          </p>
        ) : (
          <ol class="own-plain-list">
            {policies.map((policy, at) => (
              <li key={at}>
                <a href={`${apiAddress(namespace, name, 'policies')}?edit=${at}`}>{policyTitle(policy)}</a>
                {policy['mode'] === 'shadow' && <span class="quiet"> only watches</span>}
              </li>
            ))}
          </ol>
        )}
        <h2>Tiers</h2>
        {tiers.length === 0 ? (
          <p class="quiet">None: contracts have no limits of their own.</p>
        ) : (
          <dl class="own-facts">
            {tiers.map((tier) => (
              <Fact key={String(tier['name'])} term={<Given text={String(tier['name'])} />}>
                {limitsWords(tier['limits'])}
              </Fact>
            ))}
          </dl>
        )}
      </div>
      <aside>
        <h2>About</h2>
        {metadata['description'] && (
          <p>
            <Given text={metadata['description']} />
          </p>
        )}
        <dl class="own-facts">
          <Fact term="Hosts">{hosts.length === 0 ? 'any' : hosts.map((host) => <Given key={host} text={host} />)}</Fact>
          <Fact term="Base path">
            <Given text={typeof spec['basePath'] === 'string' ? spec['basePath'] : '/'} />
          </Fact>
          {typeof spec['publicUrl'] === 'string' && (
            <Fact term="Public URL">
              <Given text={spec['publicUrl']} />
            </Fact>
          )}
          <Fact term="Visibility">{metadata['visibility'] ?? 'its team alone'}</Fact>
          <Fact term="Changed">
            <Time at={changedAt} />
          </Fact>
          <Fact term="Revision">{resource.revision}</Fact>
        </dl>
        <LifecycleSteps resource={resource} isWritable={isWritable} />
      </aside>
    </div>
  );
}

export function policyTitle(policy: Readonly<Record<string, unknown>>): string {
  const { name } = Object(policy['policyRef']) as { readonly name?: string };
  if (name === undefined) return policy['authentication'] === undefined ? 'Policy' : 'One of several ways to log in';
  return policyLabel(name);
}

function Figure({ children, term }: { readonly term: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Fact({
  children,
  term,
}: {
  readonly term: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
