import type { JSX } from 'preact';
import { useRef, useLayoutEffect } from 'preact/hooks';
import type { GetUsageResponseJson, LimitUsageJson } from '../../../../gen/ostiary/v1/usage_pb.js';
import { Time } from '../../parts/small.tsx';
import { limitText } from '../api/limits.ts';
import { forecastWords } from './forecast-words.ts';

const NUMBER = new Intl.NumberFormat();
const NEARLY = 0.8;

/** How much of each limit is used, and how long it lasts. */
export function Usage({ of }: { readonly of: GetUsageResponseJson }): JSX.Element {
  const { lastDay, limits = [] } = of;
  return (
    <>
      {limits.length === 0 ? (
        <p class="quiet">This contract is not limited.</p>
      ) : (
        <ul class="usage">
          {limits.map((each, at) => (
            <LimitLine key={at} of={each} />
          ))}
        </ul>
      )}
      <p class="usage-source quiet">{sourceText(of)}</p>
      {lastDay && (
        <dl class="figures">
          <Figure title="Let pass in 24 hours" value={lastDay.passed} />
          <Figure title="Refused" value={lastDay.refused} />
          <Figure title="Over quota" value={lastDay.overQuota} />
        </dl>
      )}
    </>
  );
}

function Figure({ title, value = '0' }: { readonly title: string; readonly value: string | undefined }): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{NUMBER.format(Number(value))}</dd>
    </div>
  );
}

function LimitLine({ of: { forecast, limit = {}, resets, used } }: { readonly of: LimitUsageJson }): JSX.Element {
  const most = Number(limit.maximumRequests ?? 0);
  const share = used === undefined || most === 0 ? 0 : Math.min(1, Number(used) / most);
  const tone = share >= 1 ? 'full' : share >= NEARLY ? 'nearly' : 'fine';
  const bar = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    bar.current?.style.setProperty('--share', `${share * 100}%`);
  }, [share]);
  const words = forecastWords(forecast);
  return (
    <li>
      <div class="usage-line">
        <span>{limitText(limit)}</span>
        <span class="usage-number">
          {used === undefined ? '–' : `${NUMBER.format(Number(used))} of ${NUMBER.format(most)}`}
        </span>
      </div>
      <div
        ref={bar}
        class={`usage-bar ${tone}`}
        role="meter"
        aria-label={limitText(limit)}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={used === undefined ? 'not known' : `${NUMBER.format(Number(used))} of ${NUMBER.format(most)}`}
      />
      <p class="usage-more">
        {words !== '' && <span class={forecast?.kind === 'KIND_LASTS' ? undefined : 'usage-warning'}>{words}</span>}
        {resets !== undefined && (
          <span class="quiet">
            window ends <Time at={resets} />
          </span>
        )}
        {resets === undefined && used !== undefined && <span class="quiet">no window is open</span>}
      </p>
    </li>
  );
}

function sourceText({ askedSidecars = 0, countingSidecars = 0, differs, source }: GetUsageResponseJson): string {
  switch (source) {
    case 'USAGE_SOURCE_COUNTERS': {
      const asked = `As ${countingSidecars} of ${askedSidecars} ${askedSidecars === 1 ? 'sidecar counts' : 'sidecars count'} now.`;
      return differs === true ? `${asked} Each counts by itself: this is the one with the least left.` : asked;
    }
    case 'USAGE_SOURCE_HISTORY':
      return 'From the requests that were counted, since no sidecar tells its counters: windows that begin with a request are taken as the whole period before now.';
    default:
      return 'No sidecar that follows counts for this contract yet.';
  }
}
