import { afterAll, beforeAll, describe } from 'vitest';
import { startKeycloak } from '../real/keycloak.ts';
import type { RealKeycloak } from '../real/keycloak.ts';
import { partOrSkip } from '../real/parts.ts';
import { consoleOpens } from './keycloak-console.ts';
import { tokensAreIntrospected } from './keycloak-introspection.ts';
import { peopleLogIn } from './keycloak-logins.ts';
import { realmsAreFound } from './keycloak-realms.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('keycloak'), await partOrSkip('chromium')];

// It takes half a minute to start: whoever needs one adds realms of its own here.
describe.skipIf(parts.includes(undefined))('a real Keycloak', () => {
  let keycloak: RealKeycloak;
  beforeAll(async () => {
    keycloak = await startKeycloak();
  });
  afterAll(() => keycloak?.stop());

  describe('whose people log in to a control plane', () => peopleLogIn(() => keycloak));
  describe('whose people open the console in a browser', () => consoleOpens(() => keycloak));
  describe('with two realms', () => realmsAreFound(() => keycloak));
  describe('that is asked about tokens by ostiary behind a real Envoy', () => tokensAreIntrospected(() => keycloak));
});
