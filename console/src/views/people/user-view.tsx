import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SessionJson, UserJson } from '../../../../gen/ostiary/v1/people_pb.js';
import { call } from '../../api/call.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Field, Given, Time } from '../../parts/small.tsx';
import { NotFound, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { toast } from '../../parts/toasts.tsx';
import { go } from '../../shell/router.ts';
import type { ViewProps } from '../../shell/router.ts';
import { Facts } from '../ops/facts.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { deleteUser, endSessions, listSessions, listUsers, setPassword, setUserDisabled } from './methods.ts';
import { TEXTS } from './texts.ts';

type Doing = 'disable' | 'password' | 'delete' | 'end';
const LEAST_PASSWORD = 12;

/** One person: whether they are let in, and where they are logged in. */
export default function UserView({ params }: ViewProps): JSX.Element {
  const name = params['name'] ?? '';
  const users = useCall(listUsers, {});
  const sessions = useCall(listSessions, { user: name });
  const [doing, setDoing] = useState<Doing>();
  const user = users.data?.users?.find((each) => each.name === name);
  const reload = (): void => {
    setDoing(undefined);
    users.reload();
    sessions.reload();
  };
  return (
    <Page
      title={name}
      above={[{ text: TEXTS.users, href: '/users' }]}
      actions={
        user && (
          <>
            {name.startsWith('local:') && (
              <button type="button" onClick={() => setDoing('password')}>
                {TEXTS.setPassword}
              </button>
            )}
            <button type="button" onClick={() => setDoing('disable')}>
              {user.disabled ? TEXTS.enable : TEXTS.disable}
            </button>
            <button type="button" class="danger" onClick={() => setDoing('delete')}>
              {TEXTS.remove}
            </button>
          </>
        )
      }
    >
      <Show of={users}>
        {() =>
          user === undefined ? (
            <NotFound />
          ) : (
            <>
              <Facts
                of={[
                  ['State', user.disabled ? <Badge tone="bad">shut out</Badge> : <Badge tone="good">let in</Badge>],
                  ['Groups', <Given text={user.groups?.join(', ') || 'none'} />],
                  ['Known since', <Time at={user.created} />],
                  ['Last login', user.lastLogin === undefined ? 'never' : <Time at={user.lastLogin} />],
                ]}
              />
              <p>
                <a href={`/audit?actor=${encodeURIComponent(name)}`}>What they have done</a>
              </p>
              <h2>{TEXTS.sessions}</h2>
              <Show of={sessions} lines={2}>
                {({ sessions: all = [] }) => (
                  <>
                    <Sessions sessions={all} onEnded={reload} />
                    {all.length > 0 && (
                      <p class="ops-below">
                        <button type="button" class="danger" onClick={() => setDoing('end')}>
                          {TEXTS.endAll}
                        </button>
                      </p>
                    )}
                  </>
                )}
              </Show>
              {doing !== undefined && (
                <Doings doing={doing} user={user} onClose={() => setDoing(undefined)} onDone={reload} />
              )}
            </>
          )
        }
      </Show>
    </Page>
  );
}

interface SessionsProps {
  readonly sessions: readonly SessionJson[];
  readonly onEnded: () => void;
}

function Sessions({ onEnded, sessions }: SessionsProps): JSX.Element {
  return (
    <Table<SessionJson>
      caption={TEXTS.sessions}
      rows={sessions}
      keyOf={({ id = '' }) => id}
      columns={[
        {
          id: 'address',
          title: 'From',
          cell: ({ address, current = false }) => (
            <span>
              <Given text={address} /> {current && <Badge tone="good">this one</Badge>}
            </span>
          ),
        },
        { id: 'kind', title: 'Kind', cell: ({ kind }) => kind },
        { id: 'created', title: 'Since', isMinor: true, cell: ({ created }) => <Time at={created} /> },
        { id: 'seen', title: 'Last seen', cell: ({ lastSeen }) => <Time at={lastSeen} /> },
        { id: 'expires', title: 'Ends', isMinor: true, cell: ({ expires }) => <Time at={expires} /> },
        {
          id: 'end',
          title: 'Action',
          cell: ({ address = '', id = '' }) => (
            <button
              type="button"
              aria-label={`${TEXTS.endSession} the session from ${address}`}
              onClick={() =>
                void call(endSessions, { id }).then(onEnded, (error: unknown) => toast(String(error), true))
              }
            >
              {TEXTS.endSession}
            </button>
          ),
        },
      ]}
      empty={<p class="quiet">{TEXTS.noSessions}</p>}
    />
  );
}

interface DoingsProps {
  readonly doing: Doing;
  readonly user: UserJson;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Doings({ doing, onClose, onDone, user: { disabled = false, name = '' } }: DoingsProps): JSX.Element {
  const [password, setTyped] = useState('');
  if (doing === 'password') {
    return (
      <ConfirmDialog
        title={TEXTS.setPassword}
        text={TEXTS.setPassword}
        isReady={password.length >= LEAST_PASSWORD}
        onClose={onClose}
        act={async () => {
          const { endedSessions = 0 } = await call(setPassword, { name, password });
          toast(`The password is set; ${endedSessions} of their sessions have ended.`);
          onDone();
        }}
      >
        <Field label="New password" id="new-password" help={`At least ${LEAST_PASSWORD} characters`}>
          <input
            id="new-password"
            type="password"
            value={password}
            autocomplete="new-password"
            aria-describedby="new-password-help"
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </Field>
      </ConfirmDialog>
    );
  }
  if (doing === 'delete') {
    return (
      <ConfirmDialog
        title={`Delete ${name}`}
        text={TEXTS.remove}
        isDangerous
        onClose={onClose}
        act={async () => {
          await call(deleteUser, { name });
          toast(`${name} is deleted.`);
          go('/users');
        }}
      >
        <p>{TEXTS.removeHelp}</p>
      </ConfirmDialog>
    );
  }
  if (doing === 'end') {
    return (
      <ConfirmDialog
        title={TEXTS.endAll}
        text={TEXTS.endAll}
        isDangerous
        onClose={onClose}
        act={async () => {
          const { ended = 0 } = await call(endSessions, { user: name });
          toast(`${ended} sessions have ended.`);
          onDone();
        }}
      >
        <p>Whoever is logged in as {name} has to log in again.</p>
      </ConfirmDialog>
    );
  }
  return (
    <ConfirmDialog
      title={disabled ? `Let ${name} in again` : `Shut ${name} out`}
      text={disabled ? TEXTS.enable : TEXTS.disable}
      isDangerous={!disabled}
      onClose={onClose}
      act={async () => {
        await call(setUserDisabled, { name, disabled: !disabled });
        onDone();
      }}
    >
      <p>{disabled ? 'They may log in again.' : TEXTS.disableHelp}</p>
    </ConfirmDialog>
  );
}
