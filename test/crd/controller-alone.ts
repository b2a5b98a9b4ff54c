import { alert, api, binding, policy, tier } from './case.ts';
import type { Case } from './case.ts';

/** What only the controller tells, by what the page about objects calls it: the API server takes these, and `Accepted` is False. */
export const controllerAlone: Readonly<Record<string, readonly Case[]>> = {
  'two routes that match the same requests': [api({ routes: [{ path: '/{a}' }, { path: '/{b}' }] })],
  'names of headers in rules': [
    policy({ rules: [{ headers: { 'a b': 'x' } }] }),
    api({ public: [{ headers: { 'a b': 'x' } }] }),
  ],
  'keys of labels of a selector': [binding({ targetRef: { kind: 'Selector', selector: { labels: { '-a': 'x' } } } })],
  'a publicUrl that is not as it is sent, or whose path can be read in several ways': [
    api({ publicUrl: 'https://API.example.com' }),
    api({ publicUrl: 'https://api.example.com/a/../b' }),
    api({ publicUrl: 'https://api.example.com/a%2Fb' }),
  ],
  'a time zone that there is not': [
    tier({ limits: [{ maximumRequests: 1, calendar: 'day', timeZone: 'Mars/Olympus' }] }),
  ],
  'two limits with one calendar': [
    tier({
      limits: [
        { maximumRequests: 1, calendar: 'day' },
        { maximumRequests: 2, calendar: 'day' },
      ],
    }),
  ],
  'how long a window of an alert may be, and in which steps': [
    alert({ window: '1s' }),
    alert({ window: '61s' }),
    alert({ for: '8d' }),
    alert({ metric: 'burnRate', threshold: 14, window: '5m', shortWindow: '1h', objective: '99%' }),
  ],
  'a burn rate that no objective reaches': [
    alert({ metric: 'burnRate', threshold: 1000, window: '1h', objective: '99%' }),
  ],
  'an address of terms that is no URL': [api({}, { terms: { version: 'v2', url: 'https://[x/' } })],
};
