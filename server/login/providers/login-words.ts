import { loginPath } from '../../access/own-paths.ts';
import type { LoginFlow } from './login-flow.ts';
import type { LoginProblem } from './problem-page.ts';
import type { OfferedProvider } from './providers.ts';
import { withPath } from './providers.ts';

type Asked = Pick<LoginFlow, 'query'>;

/** What people are told whose login did not come about, and where they can go from there. */
export function staleLogin(): LoginProblem {
  return {
    code: 'ERR_LOGIN_STALE',
    next: 'Begin once more, in this browser, with cookies allowed; it may take ten minutes at most.',
    links: [{ text: 'Begin again', href: loginPath }],
  };
}

export function noSuchProvider(asked: Asked): LoginProblem {
  return {
    code: 'ERR_NOT_FOUND',
    reason: 'There is no such login provider here.',
    next: 'It may have been there a moment ago. See which there are now.',
    links: [otherWays(asked)],
  };
}

export function providerUnavailable(provider: OfferedProvider, asked: Asked): LoginProblem {
  return {
    code: 'ERR_PROVIDER_UNAVAILABLE',
    reason: `${provider.title} cannot be used to sign in at the moment.`,
    next: 'Try again in a moment. If it stays so, tell whoever runs this gateway: its log says why, by the error id.',
    links: [again(provider, asked), otherWays(asked)],
    retryAfterSeconds: 5,
  };
}

export function loginDenied(provider: OfferedProvider, asked: Asked): LoginProblem {
  return {
    code: 'ERR_LOGIN_REFUSED',
    reason: `You did not sign in with ${provider.title}.`,
    next: 'It was cancelled there, or is not allowed there. Nothing was changed here.',
    links: [again(provider, asked), otherWays(asked)],
  };
}

export function loginRefused(provider: OfferedProvider, asked: Asked): LoginProblem {
  return {
    code: 'ERR_LOGIN_REFUSED',
    reason: `What ${provider.title} answered is not accepted here.`,
    next: 'Try again. If it stays so, tell whoever runs this gateway: its log says why, by the error id.',
    links: [again(provider, asked), otherWays(asked)],
  };
}

export interface NotAdmitted {
  /** That counts. */
  readonly email: string | undefined;
  /** As the provider tells it. */
  readonly toldEmail: string | undefined;
}

export function notAdmitted(provider: OfferedProvider, who: NotAdmitted, asked: Asked): LoginProblem {
  return {
    code: 'ERR_LOGIN_REFUSED',
    reason:
      who.email === undefined ? 'This login is not accepted here.' : `${who.email} is not invited here.`,
    next: whyNot(provider, who),
    links: [
      { text: 'Use another account', href: withUrl(provider, asked, { another: '1' }) },
      otherWays(asked),
    ],
  };
}

function whyNot({ title }: OfferedProvider, { email, toldEmail }: NotAdmitted): string {
  if (email !== undefined)
    return `You are signed in with ${title} as ${email}, and nobody has given this address access to anything here. Ask whoever sent you, or use another account.`;
  if (toldEmail !== undefined)
    return `You are signed in with ${title} as ${toldEmail}, but ${title} does not say that this address is verified, so it does not count here.`;
  return `${title} says nothing of your address, and no group of yours has access to anything here.`;
}

function again(provider: OfferedProvider, asked: Asked): LoginProblem['links'][number] {
  return { text: `Try again with ${provider.title}`, href: withUrl(provider, asked, {}) };
}

function otherWays({ query }: Asked): LoginProblem['links'][number] {
  return { text: 'Other ways to sign in', href: query === '' ? loginPath : `${loginPath}?${query}` };
}

function withUrl({ name }: OfferedProvider, { query }: Asked, more: Record<string, string>): string {
  const own = new URLSearchParams({ provider: name, ...more });
  return `${withPath}?${[own.toString(), query].filter((part) => part !== '').join('&')}`;
}
