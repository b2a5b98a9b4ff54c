import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../../api/call.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Field, Given } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { toast } from '../../parts/toasts.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { ConfirmDialog } from '../people/confirm-dialog.tsx';
import { CounterLine } from './decision.tsx';
import { askSidecar, listSidecars } from './methods.ts';
import { chosenNode, SidecarSelect } from './sidecar-select.tsx';
import { COUNTERS } from './texts.ts';

/** What a client has left at an API, as one sidecar counts it. */
export default function CountersView(): JSX.Element {
  const sidecars = useCall(listSidecars, {});
  return (
    <Page title={COUNTERS.title} lead={COUNTERS.lead}>
      <Show of={sidecars}>
        {({ sidecars: all = [] }) =>
          all.length === 0 ? (
            <Empty title={COUNTERS.noSidecars} />
          ) : (
            <Counters node={chosenNode(all)} select={<SidecarSelect id="counters-node" sidecars={all} />} />
          )
        }
      </Show>
    </Page>
  );
}

function Counters({ node, select }: { readonly node: string; readonly select: JSX.Element }): JSX.Element {
  const query = here.value.searchParams;
  const [api, client] = [query.get('api') ?? '', query.get('client') ?? ''];
  // It may be a secret of a caller: it is not in the address.
  const [key, setKey] = useState('');
  const which = { api, ...(key === '' ? { clientId: client } : { key }) };
  const isAsked = node !== '' && api !== '' && (client !== '' || key !== '');
  const found = useCall(askSidecar, isAsked ? { node, inspectCounters: which } : undefined);
  const [isResetting, setResetting] = useState(false);
  const [reason, setReason] = useState('');
  const isAdmin = hasRole(['admin'], 'platform');
  const field = (name: 'api' | 'client' | 'key', value: string): JSX.Element => (
    <Field label={COUNTERS.labels[name]} id={`counters-${name}`}>
      <input
        id={`counters-${name}`}
        defaultValue={value}
        placeholder={COUNTERS.examples[name]}
        onChange={({ currentTarget }) => {
          const text = currentTarget.value.trim();
          if (name === 'key') setKey(text);
          else setQuery({ [name]: text });
        }}
      />
    </Field>
  );
  return (
    <>
      <form class="ops-row" onSubmit={(event) => event.preventDefault()}>
        {select}
        {field('api', api)}
        {field('client', client)}
        {field('key', key)}
        <button type="submit" onClick={found.reload}>
          {COUNTERS.look}
        </button>
      </form>
      {!isAsked && <Empty title={COUNTERS.whose}>{COUNTERS.whoseHelp}</Empty>}
      {isAsked && (
        <Show of={found} lines={3}>
          {({ inspectCounters: { policies = [] } = {} }) =>
            policies.length === 0 ? (
              <Empty title={COUNTERS.none}>{COUNTERS.noneHelp}</Empty>
            ) : (
              <>
                {policies.map(({ counters = [], name, policy }) => (
                  <section key={name}>
                    <h2>
                      <Given text={policy} /> <span class="quiet">{name !== policy && <Given text={name} />}</span>
                    </h2>
                    {counters.map((counter, at) => (
                      <CounterLine key={at} of={counter} />
                    ))}
                    {counters.length === 0 && <p class="quiet">{COUNTERS.noWindow}</p>}
                  </section>
                ))}
                {isAdmin && (
                  <p class="ops-below">
                    <button type="button" class="danger" onClick={() => setResetting(true)}>
                      {COUNTERS.reset}
                    </button>
                  </p>
                )}
              </>
            )
          }
        </Show>
      )}
      {isResetting && (
        <ConfirmDialog
          title={COUNTERS.reset}
          text={COUNTERS.reset}
          isDangerous
          isReady={reason.trim() !== ''}
          onClose={() => setResetting(false)}
          act={async () => {
            const { resetCounters } = await call(askSidecar, { node, resetCounters: which, reason: reason.trim() });
            toast(`${resetCounters?.windows ?? 0} windows are closed.`);
            setResetting(false);
            found.reload();
          }}
        >
          <p>{COUNTERS.resetHelp}</p>
          <p>
            <Given text={client || key} /> at <Given text={api} />, at the sidecar <Given text={node} />
          </p>
          <Field label="Why" id="reset-reason" help="It stands in the audit, with your name.">
            <input
              id="reset-reason"
              value={reason}
              maxLength={500}
              aria-describedby="reset-reason-help"
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </Field>
        </ConfirmDialog>
      )}
    </>
  );
}
