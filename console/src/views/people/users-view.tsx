import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UserJson } from '../../../../gen/ostiary/v1/people_pb.js';
import { call } from '../../api/call.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Field, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { go, here, setQuery } from '../../shell/router.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { createUser, listUsers } from './methods.ts';
import { TEXTS } from './texts.ts';

const PAGE = 100;
const LEAST_PASSWORD = 12;

export default function UsersView(): JSX.Element {
  const found = useCall(listUsers, {});
  const search = here.value.searchParams.get('q') ?? '';
  const [isMaking, setMaking] = useState(false);
  const [most, setMost] = useState(PAGE);
  return (
    <Page
      title={TEXTS.users}
      lead={TEXTS.usersLead}
      actions={
        found.data && (
          <button type="button" class="main" onClick={() => setMaking(true)}>
            {TEXTS.newUser}
          </button>
        )
      }
    >
      <Show of={found}>
        {({ users = [] }) => {
          const shown = users.filter(({ groups = [], name = '' }) =>
            [name, ...groups].some((text) => text.toLowerCase().includes(search.toLowerCase())),
          );
          return (
            <>
              <form class="ops-filters" role="search" onSubmit={(event) => event.preventDefault()}>
                <input
                  type="search"
                  aria-label={TEXTS.searchUsers}
                  placeholder={TEXTS.searchUsers}
                  value={search}
                  onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, 'replace')}
                />
              </form>
              <Table<UserJson>
                caption={TEXTS.users}
                rows={shown.slice(0, most)}
                keyOf={({ name = '' }) => name}
                hrefOf={({ name = '' }) => `/users/${encodeURIComponent(name)}`}
                columns={[
                  { id: 'name', title: 'Name', cell: ({ name }) => <Given text={name} /> },
                  {
                    id: 'state',
                    title: 'State',
                    cell: ({ disabled = false }) =>
                      disabled ? <Badge tone="bad">shut out</Badge> : <span class="quiet">let in</span>,
                  },
                  { id: 'groups', title: 'Groups', cell: ({ groups = [] }) => <Given text={groups.join(', ')} /> },
                  { id: 'created', title: 'Known since', isMinor: true, cell: ({ created }) => <Time at={created} /> },
                  {
                    id: 'login',
                    title: 'Last login',
                    cell: ({ lastLogin }) =>
                      lastLogin === undefined ? <span class="quiet">never</span> : <Time at={lastLogin} />,
                  },
                ]}
                empty={
                  <Empty title={search === '' ? TEXTS.noUsers : 'Nobody fits'}>
                    {search === '' ? TEXTS.noUsersHelp : 'Search for a part of a name or of a group.'}
                  </Empty>
                }
                {...(shown.length > most && {
                  more: () => setMost(most + PAGE),
                  count: `${most} of ${shown.length}`,
                })}
              />
            </>
          );
        }}
      </Show>
      {isMaking && <UserDialog onClose={() => setMaking(false)} />}
    </Page>
  );
}

function UserDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [groups, setGroups] = useState('');
  return (
    <ConfirmDialog
      title={TEXTS.newUser}
      text="Make the user"
      isReady={name !== '' && password.length >= LEAST_PASSWORD}
      onClose={onClose}
      act={async () => {
        const { user } = await call(createUser, { name, password, groups: groups.split(/[\s,]+/).filter(Boolean) });
        onClose();
        go(`/users/${encodeURIComponent(user?.name ?? `local:${name}`)}`);
      }}
    >
      <p class="quiet">{TEXTS.newUserHelp}</p>
      <Field label="Name" id="user-name" help="Lower-case letters, digits, ., _ and -">
        <input
          id="user-name"
          value={name}
          autocomplete="off"
          aria-describedby="user-name-help"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </Field>
      <Field label="Password" id="user-password" help={`At least ${LEAST_PASSWORD} characters`}>
        <input
          id="user-password"
          type="password"
          value={password}
          autocomplete="new-password"
          aria-describedby="user-password-help"
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
      </Field>
      <Field label="Groups" id="user-groups" help="Such as shop-developers: Teams name them. Separated by commas.">
        <input
          id="user-groups"
          value={groups}
          aria-describedby="user-groups-help"
          onInput={({ currentTarget }) => setGroups(currentTarget.value)}
        />
      </Field>
    </ConfirmDialog>
  );
}
