import { describe, expect, test } from 'vitest';
import { controlFlags } from '../../src/control/flags.ts';
import { faultOfKubernetesRule, kubernetesRuleOf } from '../../src/control/trust/kubernetes-rule.ts';
import { spiffeIdOf } from '../../src/control/trust/spiffe-id.ts';
import { faultOfSpiffeRule, spiffeRuleOf } from '../../src/control/trust/spiffe-rule.ts';
import { parseFlags } from '../../src/flags.ts';

const scopeOf = (rule: string, uri: string) => {
  const id = spiffeIdOf(uri);
  return id && spiffeRuleOf(rule).scopeOf(id);
};

describe('--trust-spiffe', () => {
  test('gives the workloads of a pattern the scope that it says', () => {
    const rule = 'spiffe://cluster.local/ns/{ns}/sa/*,namespace=eu-1.{ns},label=team={ns}';
    expect(scopeOf(rule, 'spiffe://cluster.local/ns/shop/sa/web')).toEqual({
      namespaces: ['eu-1.shop'],
      apis: [],
      labels: { team: 'shop' },
    });
    const two = 'spiffe://a/web,namespace=shop,namespace=food,api=shop/orders';
    expect(scopeOf(two, 'spiffe://a/web')).toEqual({ namespaces: ['shop', 'food'], apis: ['shop/orders'], labels: {} });
    expect(scopeOf('spiffe://a/*,everything', 'spiffe://a/web')).toEqual({ namespaces: [], apis: [], labels: {} });
  });

  test.each([
    'spiffe://cluster.local/ns/shop/sa/web/more',
    'spiffe://cluster.local/ns/shop/sa',
    'spiffe://cluster.local.evil.example/ns/shop/sa/web',
    'spiffe://cluster.local/namespace/shop/sa/web',
  ])('is not for %s', (uri) => {
    expect(scopeOf('spiffe://cluster.local/ns/{ns}/sa/*,namespace={ns}', uri)).toBeUndefined();
  });

  test.each([
    'spiffe://cluster.local/ns/../sa/web',
    'spiffe://cluster.local/ns//sa/web',
    'spiffe://cluster.local/ns/shop/sa/web/',
    'spiffe://Cluster.local/ns/shop/sa/web',
    'spiffe://cluster.local:443/ns/shop/sa/web',
    'spiffe://me@cluster.local/ns/shop/sa/web',
    'spiffe://cluster.local/ns/sh%6fp/sa/web',
    'spiffe://cluster.local/ns/shop/sa/web?x=1',
    'SPIFFE://cluster.local/ns/shop/sa/web',
    'https://cluster.local/ns/shop/sa/web',
    'spiffe://cluster.local',
    `spiffe://cluster.local/${'x'.repeat(2048)}`,
  ])('%s is no SPIFFE id', (uri) => {
    expect(spiffeIdOf(uri)).toBeUndefined();
  });

  test.each([
    ['spiffe://cluster.local/ns/*', /everything where all is meant/],
    ['https://cluster.local/ns/*,everything', /expected a pattern and a scope/],
    ['spiffe://*/ns/*,everything', /expected a pattern and a scope/],
    ['spiffe://a/ns/x*,everything', /expected a pattern and a scope/],
    ['spiffe://a/{ns}/{ns},namespace={ns}', /expected a pattern and a scope/],
    ['spiffe://a/ns/*,namespace={ns}', /expected \{ns\} in the pattern too/],
    ['spiffe://a/*,namespaces=shop', /in place of "namespaces"/],
    ['spiffe://a/*,namespace', /expected namespace=/],
    ['spiffe://a/*,everything=yes', /expected everything/],
    ['spiffe://a/*,everything,namespace=shop', /and not both/],
    ['spiffe://a/*,label=shop', /label=KEY=VALUE/],
  ])('refuses %s', (rule, why) => {
    expect(faultOfSpiffeRule(rule)).toMatch(why);
    expect(() => parseFlags(controlFlags, ['--trust-spiffe', rule], {})).toThrow(/--trust-spiffe/);
  });
});

describe('--trust-kubernetes', () => {
  test('says which issuer, and for whom its tokens are', () => {
    expect(kubernetesRuleOf('https://k8s.example.com')).toMatchObject({ audience: 'ostiary', cluster: '' });
    const rule = 'https://k8s.example.com,audience=control,cluster=eu-1,service-account=web,jwks=/keys.json';
    expect(faultOfKubernetesRule(rule)).toBeUndefined();
    expect(kubernetesRuleOf(rule)).toEqual({
      issuer: 'https://k8s.example.com',
      audience: 'control',
      cluster: 'eu-1',
      serviceAccount: 'web',
      jwks: '/keys.json',
      ca: undefined,
      token: undefined,
    });
  });

  test.each([
    ['http://k8s.example.com', /expected an issuer/],
    ['k8s', /expected an issuer/],
    ['https://me:x@k8s.example.com', /expected an issuer/],
    ['https://a,audiences=b', /in place of "audiences"/],
    ['https://a,audience=', /expected audience=/],
    ['https://a,audience=b,audience=c', /expected audience once/],
    ['https://a,cluster=eu.1', /expected a cluster of/],
    ['https://a,jwks=/f,ca=/g', /and not both/],
    ['https://a,token=/f', /expected ca=FILE too/],
  ])('refuses %s', (rule, why) => {
    expect(faultOfKubernetesRule(rule)).toMatch(why);
    expect(() => parseFlags(controlFlags, ['--trust-kubernetes', rule], {})).toThrow(/--trust-kubernetes/);
  });
});
