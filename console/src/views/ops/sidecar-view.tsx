import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SidecarJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given, Time } from '../../parts/small.tsx';
import { Failed, NotFound, Show } from '../../parts/states.tsx';
import type { ViewProps } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { whole } from '../analytics/formats.ts';
import { query } from '../analytics/methods.ts';
import { useAnswer, useRounds } from '../analytics/use-answer.ts';
import { Ago } from './ago.tsx';
import { Facts } from './facts.tsx';
import { ForgetDialog } from './forget-dialog.tsx';
import { KeySets } from './key-sets.tsx';
import { askSidecar, listSidecars } from './methods.ts';
import { COUNTERS, TEXTS } from './texts.ts';
import { behind, faultsByDocument, isFollowing, lengthWords, secondsOf, stateWords } from './words.ts';

const EVERY_S = 5;

/** One sidecar: what it enforces, what it could not put in force, and how much of what it counted is here. */
export default function SidecarView({ params }: ViewProps): JSX.Element {
  const node = params['node'] ?? '';
  const found = useAnswer(listSidecars, {}, useRounds(EVERY_S));
  const [isForgetting, setForgetting] = useState(false);
  const sidecar = found.data?.sidecars?.find((each) => each.node === node);
  const isAdmin = hasRole(['admin'], 'platform');
  return (
    <Page
      title={node}
      above={[{ text: TEXTS.sidecars, href: '/sidecars' }]}
      lead={sidecar && stateWords(sidecar.state).help}
      actions={
        sidecar && (
          <>
            <a class="button" href={`/explain?node=${encodeURIComponent(node)}`}>
              {TEXTS.explain}
            </a>
            <a class="button" href={`/counters?node=${encodeURIComponent(node)}`}>
              {COUNTERS.title}
            </a>
            {isAdmin && (
              <button type="button" class="danger" onClick={() => setForgetting(true)}>
                {TEXTS.forget}
              </button>
            )}
          </>
        )
      }
    >
      <Show of={found}>
        {({ revision = '0' }) =>
          sidecar === undefined ? <NotFound /> : <Parts sidecar={sidecar} head={revision} isAdmin={isAdmin} />
        }
      </Show>
      {isForgetting && <ForgetDialog node={node} onClose={() => setForgetting(false)} />}
    </Page>
  );
}

interface PartsProps {
  readonly sidecar: SidecarJson;
  /** The latest revision. */
  readonly head: string;
  readonly isAdmin: boolean;
}

function Parts({ head, isAdmin, sidecar }: PartsProps): JSX.Element {
  const { joined, labels = {}, lag, lastContact, node = '', revision, scope = {}, state, version } = sidecar;
  const missing = behind(head, revision);
  const lagS = secondsOf(lag);
  const seen = [
    ...(scope.namespaces ?? []).map((each) => `namespace ${each}`),
    ...(scope.apis ?? []).map((each) => `API ${each}`),
    ...Object.entries(scope.labels ?? {}).map(([name, value]) => `${name}=${value}`),
  ];
  return (
    <>
      <Facts
        of={[
          ['State', <Badge tone={stateWords(state).tone}>{stateWords(state).text}</Badge>],
          [
            'Revision',
            <>
              {whole(Number(revision ?? 0))} of {whole(Number(head))}
              {missing > 0 && <span class="ops-late"> {whole(missing)} behind</span>}
            </>,
          ],
          ['Lag', lagS === undefined ? 'none' : <span class="ops-late">{lengthWords(lagS)}</span>],
          ['Last contact', <Ago at={lastContact} />],
          ['Version', <Given text={version} />],
          ['Joined', <Time at={joined} />],
          ['Sees', seen.length === 0 ? 'everything' : <Given text={seen.join(', ')} />],
          [
            'Labels',
            Object.keys(labels).length === 0 ? undefined : (
              <Given
                text={Object.entries(labels)
                  .map(([name, value]) => `${name}=${value}`)
                  .join(', ')}
              />
            ),
          ],
        ]}
      />
      <Faults sidecar={sidecar} />
      <section>
        <h2>{TEXTS.snapshot}</h2>
        {isFollowing(sidecar) ? <Snapshot node={node} /> : <p class="quiet">It can be asked when it follows again.</p>}
      </section>
      <Counts node={node} />
      {isAdmin && isFollowing(sidecar) && <KeySets node={node} />}
    </>
  );
}

function Faults({ sidecar: { faults = [] } }: { readonly sidecar: SidecarJson }): JSX.Element {
  return (
    <section>
      <h2>{TEXTS.faults}</h2>
      {faults.length === 0 && <p class="quiet">{TEXTS.noFaults}</p>}
      {faultsByDocument(faults).map(({ faults: ofIt, resource }) => (
        <section key={resource} class="ops-faulty">
          <h3>
            <Given text={resource || 'The whole of it'} />
          </h3>
          <ul>
            {ofIt.map(({ field, message }, at) => (
              <li key={at}>
                {field && (
                  <code>
                    <bdi>{field}</bdi>
                  </code>
                )}{' '}
                <Given text={message} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** As the sidecar itself tells it. */
function Snapshot({ node }: { readonly node: string }): JSX.Element {
  const asked = useCall(askSidecar, { node, getSnapshot: {} });
  return (
    <Show of={asked} lines={2}>
      {({ getSnapshot = {} }) => {
        const { apis = 0, clientApplications = 0, contracts = 0, faults = [], loadedAt, version = '' } = getSnapshot;
        return (
          <>
            <Facts
              of={[
                [
                  'Snapshot',
                  <code title={version}>
                    <bdi>{version.slice(0, 16)}</bdi>
                  </code>,
                ],
                ['In force since', <Time at={loadedAt} />],
                ['APIs', whole(apis)],
                ['Client applications', whole(clientApplications)],
                ['Contracts', whole(contracts)],
              ]}
            />
            {faults.length > 0 && (
              <ul class="ops-faulty">
                {faults.map(({ field = '', file = '', message }, at) => (
                  <li key={at}>
                    <Given text={[file, field].filter(Boolean).join(' ')} /> <Given text={message} />
                  </li>
                ))}
              </ul>
            )}
          </>
        );
      }}
    </Show>
  );
}

/** Whether what it counted in the last hour has come. */
function Counts({ node }: { readonly node: string }): JSX.Element {
  const asked = useAnswer(query, { time: { last: '3600s' } });
  const missing = asked.data?.completeness?.missing?.find((each) => each.node === node);
  return (
    <section>
      <h2>{TEXTS.completeness}</h2>
      {asked.error !== undefined && <Failed error={asked.error} retry={asked.reload} isBeside />}
      {asked.data !== undefined &&
        (missing === undefined ? (
          <p>
            Nothing of the last hour is known to be missing. <a href="/analytics?last=1h">Analytics of this hour</a>
          </p>
        ) : (
          <p class="ops-late">
            Its counts of the last hour have not all come
            {missing.since && (
              <>
                : they are here up to <Time at={missing.since} />
              </>
            )}
            .
          </p>
        ))}
    </section>
  );
}
