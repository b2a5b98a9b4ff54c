import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApplicationEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { listApplications, listContracts } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { usePages } from '../../api/use-pages.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Code, Given, Time } from '../../parts/small.tsx';
import { Failed, Loading, NotFound } from '../../parts/states.tsx';
import type { ViewProps } from '../../shell/router.ts';
import { ContractsTable } from './contracts-table.tsx';
import { Refusals } from './refusals.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import type { SecretDeed } from './secret-dialog.tsx';
import { TEXTS } from './texts.ts';

/** One client application: its credentials, its contracts, and what was refused of it. */
export default function ApplicationView({ params: { namespace = '', name = '' } }: ViewProps): JSX.Element {
  const application = `${namespace}/${name}`;
  const found = useCall(listApplications, { application });
  const contracts = usePages(listContracts, { application });
  const [deed, setDeed] = useState<SecretDeed>();
  const above = [{ text: TEXTS.applications, href: '/applications' }];
  if (found.data === undefined) {
    return (
      <Page title={name} above={above}>
        {found.error === undefined ? <Loading isPage /> : <Failed error={found.error} retry={found.reload} />}
      </Page>
    );
  }
  const [entry] = found.data.applications ?? [];
  if (entry === undefined) return <NotFound />;
  const rows = contracts.pages.flatMap((page) => page.contracts ?? []);
  return (
    <Page
      title={entry.displayName || name}
      above={above}
      lead={
        <span class="api-subtitle">
          <span>
            of <bdi>{entry.team}</bdi>
          </span>
          <code>
            <bdi>{application}</bdi>
          </code>
        </span>
      }
    >
      {entry.description && (
        <p class="mine-about">
          <Given text={entry.description} />
        </p>
      )}
      <section>
        <h2>Client id</h2>
        <Code text={entry.application?.clientId ?? ''} label="Client id" />
      </section>
      <Secrets entry={entry} act={setDeed} />
      <section>
        <h2>{TEXTS.contracts}</h2>
        {contracts.error && <Failed error={contracts.error} retry={contracts.reload} isBeside />}
        <ContractsTable
          isOfOne
          rows={rows}
          more={contracts.more}
          empty={
            contracts.isLoading ? (
              <Loading lines={3} />
            ) : (
              <p class="quiet">
                It may call nothing yet. <a href="/catalog">Find an API</a> and request access with it.
              </p>
            )
          }
        />
      </section>
      <section>
        <h2>{TEXTS.refused}</h2>
        <Refusals namespace={namespace} application={name} />
      </section>
      {deed && <SecretDialog deed={deed} entry={entry} onClose={() => setDeed(undefined)} onDone={found.reload} />}
    </Page>
  );
}

function Secrets({
  entry: { apiKeys = 0, application, keptIn = '' },
  act,
}: {
  readonly entry: ApplicationEntryJson;
  readonly act: (deed: SecretDeed) => void;
}): JSX.Element {
  const secrets = application?.secrets ?? [];
  const hasOld = secrets.length > 1;
  return (
    <section>
      <h2>{TEXTS.secrets}</h2>
      {secrets.length === 0 ? (
        <p class="quiet">It has no secret that is valid.</p>
      ) : (
        <ul class="secrets">
          {secrets.map(({ expires }, at) => (
            <li key={at}>
              <span>{at === 0 ? 'The newest' : 'The one before'}</span>
              {expires === undefined ? (
                <Badge tone="good">valid</Badge>
              ) : (
                <Badge tone="warning">
                  ends <Time at={expires} />
                </Badge>
              )}
            </li>
          ))}
        </ul>
      )}
      {apiKeys > 0 && (
        <p class="quiet">
          {apiKeys} {apiKeys === 1 ? 'API key is' : 'API keys are'} valid too.
        </p>
      )}
      {keptIn === '' ? (
        <div class="actions">
          <button type="button" onClick={() => act('rotate')}>
            {TEXTS.rotate}
          </button>
          {hasOld && (
            <button type="button" onClick={() => act('end')}>
              {TEXTS.endOld}
            </button>
          )}
          {(secrets.length > 0 || apiKeys > 0) && (
            <button type="button" class="danger" onClick={() => act('kill')}>
              {TEXTS.kill}
            </button>
          )}
        </div>
      ) : (
        <p class="notice">
          It is kept in <bdi>{keptIn}</bdi>, where its secrets are changed too.
        </p>
      )}
    </section>
  );
}
