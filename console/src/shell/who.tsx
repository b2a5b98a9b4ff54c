import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { Given, Time } from '../parts/small.tsx';
import { TEXTS } from '../texts.ts';
import { person } from './session.ts';
import { choose, theme } from './theme.ts';
import type { Theme } from './theme.ts';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** Who is logged in, what they may, how the page looks, and the way out. */
export function Who(): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  const { expires, name = '', roles = [] } = person.value ?? {};
  const shown = shortName(name);
  return (
    <>
      <button class="who plain" type="button" popovertarget="who-menu">
        <span class="initial" aria-hidden="true">
          {String.fromCodePoint(shown.codePointAt(0) ?? 0x20)}
        </span>
        <span class="who-name">
          <bdi>{shown}</bdi>
        </span>
        <Icon name="down" />
      </button>
      <div id="who-menu" class="who-menu" popover="auto" role="dialog" aria-label={TEXTS.you} ref={menu}>
        <section>
          <p class="self">
            <Given text={name === 'bootstrap' ? TEXTS.firstAdministrator : name} />
          </p>
          {expires !== undefined && (
            <p class="quiet">
              {TEXTS.loggedInUntil} <Time at={expires} />
            </p>
          )}
        </section>
        <section>
          <h2>{TEXTS.roles}</h2>
          {roles.length === 0 && <p class="quiet">{name === 'bootstrap' ? TEXTS.mayEverything : TEXTS.noRoles}</p>}
          <ul>
            {roles.map(({ role, team }) => (
              <li key={`${team} ${role}`}>
                <span>{role}</span>
                <span class="quiet">{team === 'platform' ? TEXTS.everyTeam : <Given text={team} />}</span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h2 id="theme">{TEXTS.theme}</h2>
          <fieldset class="segments" aria-labelledby="theme">
            {THEMES.map((each) => (
              <label key={each}>
                <input type="radio" name="theme" checked={theme.value === each} onChange={() => choose(each)} />
                {TEXTS.themes[each]}
              </label>
            ))}
          </fieldset>
        </section>
        <section>
          <form method="post" action="/logout">
            <button>
              <Icon name="out" />
              {TEXTS.logOut}
            </button>
          </form>
        </section>
      </div>
    </>
  );
}

/** Without what says where a person comes from. */
function shortName(name: string): string {
  if (name === 'bootstrap') return TEXTS.administrator;
  return name.replace(/^(?:user|local|token):/, '');
}
