import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CatalogApiJson, ContractEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Code } from '../../parts/small.tsx';
import { addressOf, snippetRequest, SOME_HOST } from '../../snippets/request.ts';
import { LANGUAGES } from '../../snippets/languages.ts';
import { TEXTS } from './texts.ts';
import { credentialText } from './words.ts';

const KEPT = 'ostiary-language';

/** A call of the API to copy, in the reader's language and with their own client id. */
export function CallIt({ api }: { readonly api: CatalogApiJson }): JSX.Element {
  const [language, setLanguage] = useState(() => localStorage.getItem(KEPT) ?? 'curl');
  const [chosenWay, setWay] = useState(0);
  const clients = clientsOf(api);
  const [client, setClient] = useState(0);
  const ways = api.authentication ?? [];
  const { id, snippet } = LANGUAGES.find((each) => each.id === language) ??
    LANGUAGES[0] ?? { id: '', snippet: () => '' };
  const address = addressOf(api);
  const text = snippet(snippetRequest(address, ways[chosenWay], clients[client]?.clientId));
  const choose = (next: string): void => {
    localStorage.setItem(KEPT, next);
    setLanguage(next);
  };
  return (
    <div class="call-it">
      <div class="call-it-how">
        <div class="segments" role="group" aria-label={TEXTS.language}>
          {LANGUAGES.map((each) => (
            <button key={each.id} type="button" aria-pressed={each.id === id} onClick={() => choose(each.id)}>
              {each.name}
            </button>
          ))}
        </div>
        {ways.length > 1 && (
          <select
            aria-label={TEXTS.authentication}
            value={chosenWay}
            onChange={({ currentTarget }) => setWay(Number(currentTarget.value))}
          >
            {ways.map(({ credentials = [] }, at) => (
              <option key={at} value={at}>
                {credentials.map(credentialText).join(', with ')}
              </option>
            ))}
          </select>
        )}
        {clients.length > 1 && (
          <select
            aria-label="Application"
            value={client}
            onChange={({ currentTarget }) => setClient(Number(currentTarget.value))}
          >
            {clients.map(({ applicationName, clientId }, at) => (
              <option key={clientId} value={at}>
                {applicationName}
              </option>
            ))}
          </select>
        )}
      </div>
      <Code text={text} label={`${TEXTS.call}: ${language}`} />
      {address.startsWith(`https://${SOME_HOST}/`) && <p class="help">{TEXTS.callSomeHost(SOME_HOST)}</p>}
      <p class="help">{TEXTS.callHelp}</p>
    </div>
  );
}

/** Of the reader's applications those that have a contract, the ones in force first. */
function clientsOf({ contracts = [] }: CatalogApiJson): readonly ContractEntryJson[] {
  const isInForce = ({ contract }: ContractEntryJson): boolean => contract?.state === 'CONTRACT_STATE_APPROVED';
  const known = new Map(
    contracts.toSorted((a, b) => Number(isInForce(b)) - Number(isInForce(a))).map((each) => [each.clientId, each]),
  );
  return [...known.values()];
}
