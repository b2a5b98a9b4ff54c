import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApplicationEntryJson, CatalogApiJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { createApplication, listApplications, requestContract } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { Markdown } from '../../markdown/markdown.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { Show } from '../../parts/states.tsx';
import { TEXTS as COMMON } from '../../texts.ts';
import { NEW_NAME, ownerFor, problemOfName } from '../mine/new-application.ts';
import { RequestResult } from './request-result.tsx';
import type { Done } from './request-result.tsx';
import { TEXTS } from './texts.ts';
import { TierPicks } from './tier-picks.tsx';
import { fullName } from './words.ts';

const NEW = '';
const MOST = 100;

export interface RequestDialogProps {
  readonly api: CatalogApiJson;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Asks for a contract: with which application, in which tier, and why. */
export function RequestDialog(props: RequestDialogProps): JSX.Element {
  const applications = useCall(listApplications, { pageSize: MOST });
  const [done, setDone] = useState<Done>();
  const title = `${TEXTS.request}: ${props.api.entry?.displayName || props.api.entry?.name}`;
  return (
    <Dialog title={done === undefined ? title : 'Access requested'} onClose={props.onClose}>
      {done === undefined ? (
        <Show of={applications} lines={4}>
          {({ applications: own = [], namespaces = [] }) => (
            <RequestForm {...props} own={own} namespaces={namespaces} setDone={setDone} />
          )}
        </Show>
      ) : (
        <RequestResult {...done} team={props.api.entry?.team ?? ''} onClose={props.onClose} />
      )}
    </Dialog>
  );
}

interface FormProps extends RequestDialogProps {
  readonly own: readonly ApplicationEntryJson[];
  readonly namespaces: readonly string[];
  readonly setDone: (done: Done) => void;
}

/** An application made by a try whose request then failed is used by the next. */
interface Made {
  readonly reference: string;
  readonly secret: string | undefined;
  readonly clientId: string | undefined;
}

function RequestForm({ api, own, namespaces, onClose, onDone, setDone }: FormProps): JSX.Element {
  const tiers = (api.tiers ?? []).filter(({ deprecated }) => deprecated !== true);
  const taken = new Set((api.contracts ?? []).map((each) => fullName(each.applicationNamespace, each.applicationName)));
  const free = own.filter(({ application }) => !taken.has(fullName(application?.namespace, application?.name)));
  const [chosen, setChosen] = useState(() => referenceOf(free[0]));
  const [newName, setNewName] = useState('');
  const [namespace, setNamespace] = useState(namespaces[0] ?? '');
  const [tier, setTier] = useState(tiers[0]?.name ?? '');
  const [reason, setReason] = useState('');
  const [isAccepted, setAccepted] = useState(false);
  const [fault, setFault] = useState<string>();
  const [isSending, setSending] = useState(false);
  const [made, setMade] = useState<Made>();
  useEffect(() => setFault(undefined), [chosen, newName, tier, isAccepted]);
  const isNew = chosen === NEW;
  const { entry, terms } = api;
  const send = async (): Promise<void> => {
    const problem = isNew ? problemOfName(newName) : undefined;
    if (problem !== undefined) return setFault(problem);
    if (terms !== undefined && !isAccepted) return setFault('Accept the terms of use: its team asks for that.');
    setSending(true);
    try {
      const application = isNew ? (made ?? (await make(newName, namespace))) : undefined;
      if (application !== undefined) setMade(application);
      const answer = await call(requestContract, {
        ...(entry?.namespace !== undefined && { namespace: entry.namespace }),
        clientApplication: application?.reference ?? chosen,
        api: `${entry?.namespace}/${entry?.name}`,
        tier,
        reason,
        ...(terms?.version !== undefined && { acceptTerms: terms.version }),
        wait: '2s',
      });
      onDone();
      setDone({ answer, secret: application?.secret, clientId: application?.clientId });
    } catch (error) {
      setFault(callErrorOf(error).message);
      setSending(false);
    }
  };
  return (
    <form
      class="request"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) void send();
      }}
    >
      <Field id="request-application" label="Application" help={isNew ? undefined : 'Whose client id calls the API.'}>
        <select
          id="request-application"
          value={chosen}
          disabled={made !== undefined}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
        >
          {free.map((each) => (
            <option key={referenceOf(each)} value={referenceOf(each)}>
              {each.displayName ? `${each.displayName} (${referenceOf(each)})` : referenceOf(each)}
            </option>
          ))}
          <option value={NEW}>{NEW_NAME}</option>
        </select>
      </Field>
      {isNew && (
        <div class="request-new">
          <Field id="request-name" label="Its name" help="Small letters, digits and dashes, such as web-shop.">
            <input
              id="request-name"
              value={newName}
              disabled={made !== undefined}
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setNewName(currentTarget.value)}
            />
          </Field>
          {namespaces.length > 1 && (
            <Field id="request-namespace" label="Namespace">
              <select
                id="request-namespace"
                value={namespace}
                disabled={made !== undefined}
                onChange={({ currentTarget }) => setNamespace(currentTarget.value)}
              >
                {namespaces.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </Field>
          )}
        </div>
      )}
      {tiers.length > 0 && <TierPicks name="tier" tiers={tiers} picked={tier} onPick={setTier} />}
      <Field id="request-reason" label="Why" help="For whoever decides, and for the audit trail.">
        <textarea
          id="request-reason"
          rows={2}
          maxLength={4000}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </Field>
      {terms && (
        <div class="request-terms">
          {terms.text && (
            <details>
              <summary>
                {TEXTS.terms} {terms.version}
              </summary>
              <Markdown text={terms.text} below={2} />
            </details>
          )}
          <label class="pick">
            <input type="checkbox" checked={isAccepted} onChange={() => setAccepted(!isAccepted)} />
            <span>
              I accept the terms of use, version {terms.version}
              {terms.url && ` (${terms.url})`}
            </span>
          </label>
        </div>
      )}
      {fault !== undefined && (
        <p class="fault" role="alert">
          <bdi>{fault}</bdi>
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          {COMMON.cancel}
        </button>
        <button type="submit" class="main" disabled={isSending}>
          {isSending ? 'Requesting…' : TEXTS.request}
        </button>
      </div>
    </form>
  );
}

async function make(name: string, namespace: string): Promise<Made> {
  const { application, secret } = await call(createApplication, { name, namespace, ...ownerFor(namespace) });
  return { reference: `${application?.namespace}/${name}`, secret, clientId: application?.clientId };
}

function referenceOf(entry: ApplicationEntryJson | undefined): string {
  return entry === undefined ? NEW : `${entry.application?.namespace}/${entry.application?.name}`;
}
