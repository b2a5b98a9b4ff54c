import { ALERT_METRICS, FILTER_DIMENSIONS, unitOf } from '../alerts/rule.ts';
import type { AlertMetric, AlertUnit } from '../alerts/rule.ts';
import { METRIC_DEMANDS } from '../document/alert-schema.ts';
import { allReasons } from '../policies/index.ts';
import { raw, rules, textList } from './rule.ts';
import type { Additions, Rule } from './rule.ts';

const DURATION = '[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h|d)';

const SPAN = {
  maxLength: 32,
  ...rules({ rule: `self.matches(${raw(`^${DURATION}$`)})`, message: 'expected a duration such as 5m' }),
};

const metricsWith = (is: (metric: AlertMetric) => boolean): string => textList(ALERT_METRICS.filter(is));

/** What a metric does not allow. */
function uselessFields(): readonly Rule[] {
  const fields = [...new Set(Object.values(METRIC_DEMANDS).flatMap(({ without }) => without))];
  return fields.map((field) => ({
    rule: `!has(self.${field}) || !(self.metric in ${metricsWith((metric) => METRIC_DEMANDS[metric].without.includes(field))})`,
    message: 'has no effect with this metric; remove it',
    fieldPath: `.${field}`,
  }));
}

function uselessDimensions(): readonly Rule[] {
  return FILTER_DIMENSIONS.map((dimension) => ({
    rule: `!has(self.filter) || !has(self.filter.${dimension}) || self.metric in ${metricsWith((metric) => METRIC_DEMANDS[metric].filter.includes(dimension))}`,
    message: 'has no effect with this metric; remove it',
    fieldPath: `.filter.${dimension}`,
  }));
}

function operators(): readonly Rule[] {
  return (['above', 'below'] as const).map((operator) => ({
    rule: `!has(self.operator) || self.operator != '${operator}' || self.metric in ${metricsWith((metric) => METRIC_DEMANDS[metric].operators.includes(operator))}`,
    message: `this metric is never compared as "${operator}"`,
    fieldPath: '.operator',
  }));
}

const NUMBER = {
  rule: `type(self.threshold) == int ? self.threshold >= 0 : self.threshold.matches(${raw('^[0-9]+(?:\\.[0-9]+)?$')})`,
  message: 'expected a number for this metric; one with a fraction is in quotes',
};

/** How a threshold is written, by its unit. */
const THRESHOLDS: Readonly<Record<AlertUnit, Rule>> = {
  count: NUMBER,
  factor: NUMBER,
  ms: {
    rule: `type(self.threshold) == string && self.threshold.matches(${raw(`^${DURATION}$`)})`,
    message: 'expected a duration such as 500ms for this metric',
  },
  ratio: {
    rule: `type(self.threshold) == string && self.threshold.matches(${raw(String.raw`^(?:0*100(?:\.0+)?|0*[0-9]{1,2}(?:\.[0-9]+)?)\s?%$`)})`,
    message: 'expected a percentage such as 5%, at most 100%, for this metric',
  },
};

function thresholds(): readonly Rule[] {
  return Object.entries(THRESHOLDS).map(([unit, { rule, message }]) => ({
    rule: `!(self.metric in ${metricsWith((metric) => unitOf(metric) === unit)}) || (${rule})`,
    message,
    fieldPath: '.threshold',
  }));
}

export const alertRules: Additions = {
  'Alert spec': rules(
    ...uselessFields(),
    ...uselessDimensions(),
    ...operators(),
    ...thresholds(),
    {
      rule: `has(self.window) || self.metric in ${metricsWith((metric) => METRIC_DEMANDS[metric].without.includes('window'))}`,
      message: 'window is missing: expected a duration such as 5m',
    },
    {
      rule: '!has(self.api) || !has(self.selector)',
      message: 'contradicts api: remove one of the two',
      fieldPath: '.selector',
    },
    {
      rule: "self.metric != 'burnRate' || has(self.objective)",
      message: 'objective is missing: expected a percentage such as 99.9%',
    },
  ),
  'Alert spec.objective': {
    maxLength: 32,
    ...rules({
      rule: `self.matches(${raw(String.raw`^0*[0-9]{1,2}(?:\.[0-9]+)?\s?%$`)}) && self.matches(${raw('[1-9]')})`,
      message: 'expected a percentage above 0% and below 100%, such as 99.9%',
    }),
  },
  'Alert spec.window': SPAN,
  'Alert spec.shortWindow': SPAN,
  'Alert spec.for': SPAN,
  'Alert spec.filter.status[]': { pattern: '^(?:[1-5]xx|[1-5][0-9][0-9]|0)$' },
  'Alert spec.filter.reason[]': { enum: Object.keys(allReasons) },
};
