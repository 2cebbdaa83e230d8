import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { LoginProvider } from './login-provider.ts';
import { PreviewTeam } from './preview-team.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

export interface TeamWithProvider {
  readonly team: PreviewTeam;
  readonly provider: LoginProvider;
  /** The login file has these rules from now on. */
  readonly setRules: (rules: string) => void;
}

/** A gateway whose visitors log in at a real OpenID provider; `rules` are those of its login file. */
export async function startTeamWithProvider(
  t: TestScope,
  rules: string,
  args: readonly string[] = [],
): Promise<TeamWithProvider> {
  const provider = await LoginProvider.start(t);
  const path = join(scratchDir(t), 'login.toml');
  const setRules = (text: string): void => {
    writeFileSync(path, provider.entry + text);
  };
  setRules(rules);
  const team = await PreviewTeam.start(t, ['--login-file', path, ...args]);
  provider.register(team.url('', '/_porthole/login/callback'));
  return { team, provider, setRules };
}

/** From the gateway's login page: to the provider, and in there as somebody. */
export async function logInAs(page: Page, email: string): Promise<void> {
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  await enterAddress(page, email);
}

/** At the provider's own page. */
export async function enterAddress(page: Page, email: string): Promise<void> {
  await page.getByLabel('Address').fill(email);
  await page.getByRole('button', { name: 'Log in' }).click();
}
