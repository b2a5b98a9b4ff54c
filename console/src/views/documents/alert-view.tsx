import type { JSX } from 'preact';
import type { EventJson, ListEventsRequestJson, ListEventsResponseJson } from '../../../../gen/ostiary/v1/events_pb.js';
import { method } from '../../api/call.ts';
import { useAnswer, useRounds } from '../analytics/use-answer.ts';
import { Given, Time } from '../../parts/small.tsx';
import { Failed } from '../../parts/states.tsx';
import type { ViewProps } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { DocumentPage } from './document-page.tsx';
import { ALERTS, TEXTS } from './texts.ts';

const listEvents = method<ListEventsRequestJson, ListEventsResponseJson>('EventService/ListEvents');
const EVERY_S = 15;
const MOST_SHOWN = 10;

/** When an alert fires, and when it did. */
export default function AlertView({ params }: ViewProps): JSX.Element {
  const [namespace, name] = [params['namespace'] ?? '', params['name'] ?? ''];
  return (
    <DocumentPage of={ALERTS} namespace={namespace} name={name} mayWrite={hasRole(['admin', 'owner'])}>
      <Lately namespace={namespace} name={name} />
    </DocumentPage>
  );
}

function Lately({ name, namespace }: { readonly namespace: string; readonly name: string }): JSX.Element {
  const found = useAnswer(listEvents, { events: ['alert.*'], pageSize: 1000 }, useRounds(EVERY_S));
  const isOfIt = ({ about = {} }: EventJson): boolean =>
    about.kind === 'Alert' && about.name === name && (about.namespace || 'default') === namespace;
  const events = (found.data?.events ?? []).filter(isOfIt).slice(0, MOST_SHOWN);
  return (
    <section>
      <h2>{TEXTS.lately}</h2>
      {found.error !== undefined && <Failed error={found.error} retry={found.reload} isBeside />}
      {found.data !== undefined && events.length === 0 && <p class="quiet">{TEXTS.latelyNone}</p>}
      <ul class="own-plain-list">
        {events.map(({ at, id, text }) => (
          <li key={id}>
            <Time at={at} /> <Given text={text} />
          </li>
        ))}
      </ul>
    </section>
  );
}
