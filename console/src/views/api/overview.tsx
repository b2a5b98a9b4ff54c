import type { ComponentChildren, JSX } from 'preact';
import type { CatalogApiJson, CatalogTierJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Markdown } from '../../markdown/markdown.tsx';
import { Badge, Given, Time } from '../../parts/small.tsx';
import { safeLink } from '../../markdown/safe-link.ts';
import { tagText } from '../catalog/plain-text.ts';
import { CallIt } from './call-it.tsx';
import { limitsText, windowText } from './limits.ts';
import { TEXTS } from './texts.ts';
import { approvalText, credentialText } from './words.ts';

/** What the API does, how it is called, and what there is to choose from. */
export function Overview({ api }: { readonly api: CatalogApiJson }): JSX.Element {
  const { entry = {}, terms, tiers = [] } = api;
  return (
    <div class="api-overview">
      <div class="api-main">
        {entry.description ? <Markdown text={entry.description} /> : <p class="quiet">{TEXTS.noDescription}</p>}
        <section>
          <h2>{TEXTS.tiers}</h2>
          {tiers.length === 0 ? <p class="quiet">{TEXTS.noTiers}</p> : <Tiers tiers={tiers} />}
        </section>
        <section>
          <h2>{TEXTS.call}</h2>
          <CallIt api={api} />
        </section>
        {terms && (
          <section>
            <h2>
              {TEXTS.terms} <span class="quiet api-terms-version">{terms.version}</span>
            </h2>
            {terms.text && <Markdown text={terms.text} below={2} />}
            {terms.url && <OtherPage url={terms.url} />}
          </section>
        )}
      </div>
      <Facts api={api} />
    </div>
  );
}

function Tiers({ tiers }: { readonly tiers: readonly CatalogTierJson[] }): JSX.Element {
  return (
    <ul class="api-tiers">
      {tiers.map((tier) => (
        <li key={tier.name}>
          <div class="api-tier-name">
            <Given text={tier.name} />
          </div>
          <div>
            <div class="api-tier-limits">{limitsText(tier.limits)}</div>
            <div class="quiet api-tier-more">
              {tier.deprecated === true ? (
                <Badge tone="warning">{approvalText(tier)}</Badge>
              ) : (
                [`approved ${approvalText(tier)}`, ...calendarsOf(tier)].join(' · ')
              )}
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Where a window begins is worth a word where the calendar says it. */
function calendarsOf({ limits = [] }: CatalogTierJson): readonly string[] {
  return limits
    .filter(({ calendar = '' }) => calendar !== '')
    .map((limit) => `a ${limit.calendar} counts ${windowText(limit)}`);
}

function Facts({ api }: { readonly api: CatalogApiJson }): JSX.Element {
  const { authentication = [], changedAt, entry = {}, hosts = [], publicUrl = '', specification } = api;
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    ['Address', publicUrl !== '' && <OtherPage url={publicUrl} />],
    [hosts.length > 1 ? 'Hosts' : 'Host', hosts.length > 0 && hosts.map((host) => <Line key={host} text={host} />)],
    ['Base path', <Line key="path" text={entry.basePath ?? '/'} />],
    [
      TEXTS.authentication,
      authentication.length === 0
        ? TEXTS.noAuthentication
        : authentication.map(({ credentials = [] }, at) => (
            <div key={at}>
              {at > 0 && <span class="quiet">or </span>}
              <bdi>{credentials.map(credentialText).join(', with ')}</bdi>
            </div>
          )),
    ],
    ['Tokens of', issuersOf(api).map((issuer) => <Line key={issuer} text={issuer} />)],
    ['Team', <Given key="team" text={entry.team} />],
    [
      TEXTS.specification,
      specification && (
        <span>
          {specification.format}, {sizeText(specification.bytes ?? 0)}
        </span>
      ),
    ],
    [
      'Tags',
      Object.entries(entry.labels ?? {}).map(([label, value]) => (
        <span key={label} class="catalog-tag">
          <bdi>{tagText(label, value)}</bdi>
        </span>
      )),
    ],
    ['Changed', <Time key="time" at={changedAt} />],
  ];
  return (
    <aside class="api-facts" aria-label={TEXTS.facts}>
      <dl>
        {rows
          .filter(
            ([, value]) => value !== false && value !== undefined && !(Array.isArray(value) && value.length === 0),
          )
          .map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </aside>
  );
}

function Line({ text }: { readonly text: string }): JSX.Element {
  return (
    <code class="api-line">
      <bdi>{text}</bdi>
    </code>
  );
}

function OtherPage({ url }: { readonly url: string }): JSX.Element {
  const href = safeLink(url);
  if (href === undefined) return <Line text={url} />;
  return (
    <a class="api-line" href={href} target="_blank" rel="noopener noreferrer">
      <bdi>{url}</bdi>
    </a>
  );
}

function issuersOf({ authentication = [] }: CatalogApiJson): readonly string[] {
  const all = authentication.flatMap(({ credentials = [] }) => credentials.flatMap(({ issuers = [] }) => issuers));
  return [...new Set(all)];
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
