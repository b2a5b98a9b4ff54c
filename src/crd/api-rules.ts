import { HAS_CONDITION, policyRules } from './policy-rules.ts';
import { raw, rules } from './rule.ts';
import type { Additions } from './rule.ts';
import type { Structural } from './structural.ts';

const SEGMENT = String.raw`(?:[^{}/%?#*\\;\x{00}-\x{1f}\x{7f}-\x{9f}\x{fffd}]|\{[^{}/]+\})`;
const HOST_LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?';
const PORT =
  '(?::(?:0{0,4}[0-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?';

const HOST_PATTERN = `^(?:\\*|(?:(?:\\*\\.)?${HOST_LABEL}(?:\\.${HOST_LABEL})*\\.?|\\[[0-9A-Fa-f:.]+\\])${PORT})$`;

const HOST = rules({
  rule: `self.matches(${raw(HOST_PATTERN)})`,
  message:
    'expected a host name such as "orders.example.com", or "*." and a host name for all below it, without scheme and path',
});

/** As `document/fields.ts` has it. */
const BASE_PATH = rules(
  { rule: "self.startsWith('/')", message: 'expected a path that starts with "/"' },
  {
    rule: "!self.contains('%')",
    message: 'expected a decoded path: write the character itself instead of its % code',
  },
  {
    rule: "!self.contains('?') && !self.contains('#')",
    message: 'expected a path alone, without query and fragment',
  },
  {
    rule: "!self.contains('*')",
    message: 'expected a literal path, without "*": everything below it belongs to it anyhow',
  },
  {
    rule: `!self.matches(${raw(String.raw`[\\;\x{00}-\x{1f}\x{7f}-\x{9f}\x{fffd}]`)})`,
    message: 'no request has such a path: "\\", ";" and control characters never reach the comparison',
  },
  {
    rule: `!self.matches(${raw(String.raw`/(?:/|\.\.?(?:/|$))`)})`,
    message: 'expected a resolved path: without "//", "/./" and "/../", which no request has when it is compared',
  },
);

/** The same for lists in lists, where rules would cost too much: patterns cost nothing, and say less. */
export const HOST_IN_LIST: Structural = { pattern: HOST_PATTERN };
export const BASE_PATH_IN_LIST: Structural = {
  pattern: String.raw`^/[^%?#*\\;\x{00}-\x{1f}\x{7f}-\x{9f}\x{fffd}]*$`,
  not: { pattern: String.raw`/(?:/|\.\.?(?:/|$))` },
};

export const apiRules: Additions = {
  'Api spec.hosts[]': HOST,
  'Api spec.basePath': BASE_PATH,
  'Api spec.publicUrl': rules(
    {
      rule: `self.matches(${raw('^https?://')})`,
      message: 'expected a URL such as https://api.example.com/orders',
    },
    {
      rule: `!self.startsWith('http:') || self.matches(${raw(String.raw`^http://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?:[:/]|$)`)})`,
      message: 'expected https: (http: is for loopback alone)',
    },
    { rule: `!self.matches(${raw('^https?://[^/]*@')})`, message: 'expected a URL without user and password' },
    { rule: "!self.contains('?') && !self.contains('#')", message: 'expected a URL without query and fragment' },
  ),
  'Api spec.public': rules({
    rule: 'has(self.all) != has(self.requests)',
    message: 'expected either all: true, or requests',
  }),
  'Api spec.public.requests[]': rules({
    rule: HAS_CONDITION,
    message: 'without conditions it is every request: write all: true',
  }),
  'Api spec.maxStale': {
    maxLength: 7,
    ...rules({
      rule: `self.matches(${raw('^[0-9]{1,6}[smhd]$')}) && int(self.substring(0, size(self) - 1)) >= (self.endsWith('s') ? 15 : 1)`,
      message: 'expected a duration of at least 15s, such as 90s, 1h or 7d',
    }),
  },
  'Api spec.routes[].path': {
    maxLength: 1024,
    ...rules(
      {
        rule: `self.matches(${raw(`^(?:/(?:[^{}/]|\\{[^{}/]+\\})*)+$`)})`,
        message:
          'expected a path that starts with "/", with a name in each pair of braces, inside one segment, such as "/orders/{id}"',
      },
      {
        rule: `!self.matches(${raw(String.raw`\}\{`)})`,
        message: 'expected text between two parameters: nobody can tell where one ends',
      },
      {
        rule: `self.matches(${raw(`^(?:/${SEGMENT}*){1,63}$`)})`,
        message: `expected at most 64 segments, decoded, without query, fragment, "*", "\\", ";" and control characters`,
      },
      {
        rule: `!self.matches(${raw(String.raw`/(?:/|\.\.?(?:/|$))`)})`,
        message: 'expected a resolved path: without "//", "/./" and "/../", which no request has when it is compared',
      },
    ),
  },
  'Api spec.tiers': { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  'Api spec.tiers[]': rules(
    { rule: 'has(self.limits) != has(self.unlimited)', message: 'expected either limits, or unlimited: true' },
    {
      rule: '!has(self.proposedLimits) || !has(self.proposedUnlimited)',
      message: 'expected proposedLimits or proposedUnlimited: true, and not both',
    },
    {
      rule: '!has(self.approvers) || !has(self.autoApprove) || !self.autoApprove',
      message: 'approvers contradicts autoApprove: nobody has to approve a contract of this tier',
    },
  ),
  ...limitRules('Api spec.tiers[].limits'),
  ...limitRules('Api spec.tiers[].proposedLimits'),
  ...policyRules('Api spec.policies[]'),
  'Api spec.guests[]': rules({
    rule: 'has(self.team) != has(self.__namespace__)',
    message: 'expected either a team or a namespace',
  }),
  'Api spec.guests[].hosts[]': HOST_IN_LIST,
  'Api spec.guests[].basePath': BASE_PATH_IN_LIST,
  'Api spec.catalog.terms': rules({
    rule: 'has(self.text) || has(self.url)',
    message: 'text is missing, and so is url: one of them says what is accepted',
  }),
  'Api spec.catalog.terms.url': rules({
    rule: `self.matches(${raw(String.raw`^https?://[^\s\\@]+$`)}) || self.matches(${raw(String.raw`^https?://[^\s\\/@]+/[^\s\\]*$`)})`,
    message: 'expected an address such as https://example.com/terms, without a password',
  }),
};

function limitRules(place: string): Additions {
  const once = (field: string, message: string) => ({
    rule: `self.all(each, !has(each.${field}) || self.exists_one(other, has(other.${field}) && other.${field} == each.${field}))`,
    message,
  });
  return {
    [place]: rules(
      once('name', 'another limit has this name'),
      once('timePeriodInMilliseconds', 'another limit has this period: the smaller of the two is enough'),
    ),
    [`${place}[].name`]: { maxLength: 63 },
    [`${place}[]`]: rules(
      {
        rule: 'has(self.timePeriodInMilliseconds) || has(self.calendar)',
        message: 'timePeriodInMilliseconds is missing; say timePeriodInMilliseconds or calendar',
      },
      {
        rule: '!has(self.timePeriodInMilliseconds) || !has(self.calendar)',
        message: 'calendar excludes timePeriodInMilliseconds; remove one of the two',
      },
      {
        rule: '!has(self.timeZone) || has(self.calendar)',
        message: 'timeZone has no effect without calendar; remove it or add calendar',
      },
    ),
  };
}
