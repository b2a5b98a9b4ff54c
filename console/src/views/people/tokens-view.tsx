import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccessTokenJson } from '../../../../gen/ostiary/v1/tokens_pb.js';
import { call } from '../../api/call.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { listAccessTokens, revokeAccessToken } from './methods.ts';
import { TEXTS } from './texts.ts';
import { tokenState } from './token-state.ts';
import { TokenDialog } from './token-dialog.tsx';

const PAGE = 100;

/** Credentials of programs: one's own, those of a team, or all. */
export default function TokensView(): JSX.Element {
  const query = here.value.searchParams;
  const [team, isAll] = [query.get('team') ?? '', query.get('all') === 'yes'];
  const found = useCall(listAccessTokens, { team, all: isAll });
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<AccessTokenJson>();
  const [most, setMost] = useState(PAGE);
  return (
    <Page
      title={TEXTS.tokens}
      lead={TEXTS.tokensLead}
      actions={
        <button type="button" class="main" onClick={() => setMaking(true)}>
          {TEXTS.newToken}
        </button>
      }
    >
      <form class="ops-filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <select
          aria-label="Whose"
          value={isAll ? 'all' : team === '' ? 'own' : 'team'}
          onChange={({ currentTarget: { value } }) => setQuery({ all: value === 'all' ? 'yes' : '', team: '' })}
        >
          <option value="own">My own</option>
          {team !== '' && <option value="team">Of the team {team}</option>}
          {hasRole(['admin'], 'platform') && <option value="all">Of everybody</option>}
        </select>
        <input
          aria-label="Of a team"
          placeholder="of a team"
          defaultValue={team}
          onChange={({ currentTarget }) => setQuery({ team: currentTarget.value.trim(), all: '' })}
        />
      </form>
      <Show of={found}>
        {({ tokens = [] }) => (
          <Table<AccessTokenJson>
            caption={TEXTS.tokens}
            rows={tokens.slice(0, most)}
            keyOf={({ id = '' }) => id}
            columns={[
              { id: 'name', title: 'Name', cell: ({ name }) => <Given text={name} /> },
              {
                id: 'owner',
                title: 'Of',
                cell: ({ team: ofTeam, user }) => <Given text={ofTeam ? `team ${ofTeam}` : user} />,
              },
              {
                id: 'state',
                title: 'State',
                cell: (token) => {
                  const [text, tone] = tokenState(token, Date.now());
                  return <Badge tone={tone}>{text}</Badge>;
                },
              },
              { id: 'expires', title: 'Ends', cell: ({ expires }) => <Time at={expires} /> },
              {
                id: 'used',
                title: 'Last used',
                isMinor: true,
                cell: ({ lastUsed, lastUsedAddress }) =>
                  lastUsed === undefined ? (
                    <span class="quiet">never</span>
                  ) : (
                    <span>
                      <Time at={lastUsed} /> <Given text={lastUsedAddress} />
                    </span>
                  ),
              },
              {
                id: 'revoke',
                title: 'Action',
                cell: (token) =>
                  token.revoked === undefined && (
                    <button
                      type="button"
                      aria-label={`${TEXTS.revoke} ${token.name}`}
                      onClick={() => setRevoked(token)}
                    >
                      {TEXTS.revoke}
                    </button>
                  ),
              },
            ]}
            empty={<Empty title={TEXTS.noTokens}>{TEXTS.noTokensHelp}</Empty>}
            {...(tokens.length > most && { more: () => setMost(most + PAGE), count: `${most} of ${tokens.length}` })}
          />
        )}
      </Show>
      {isMaking && <TokenDialog onMade={found.reload} onClose={() => setMaking(false)} />}
      {revoked !== undefined && (
        <ConfirmDialog
          title={`Revoke ${revoked.name}`}
          text={TEXTS.revoke}
          isDangerous
          onClose={() => setRevoked(undefined)}
          act={async () => {
            await call(revokeAccessToken, { id: revoked.id ?? '' });
            setRevoked(undefined);
            found.reload();
          }}
        >
          <p>{TEXTS.revokeHelp}</p>
        </ConfirmDialog>
      )}
    </Page>
  );
}
