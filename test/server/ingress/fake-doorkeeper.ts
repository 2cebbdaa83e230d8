import type { AccessDecision, AccessRequest, Doorkeeper } from '../../../server/access/decision.ts';

/** What opens everything that is private, sent as a cookie or in `Porthole-Share`. */
export const goodPass = 'good';
export const goodCookie = `Cookie: __Host-porthole_session=${goodPass}\r\n`;

export const challenges = ['Bearer realm="porthole"', 'Basic realm="porthole", charset="UTF-8"'];
export const stateCookie = '__Host-porthole_state=nonce; Path=/; Secure; HttpOnly; SameSite=Lax';

/** Who knows the word may enter; others are told how to log in. */
export class FakeDoorkeeper implements Doorkeeper {
  readonly asked: AccessRequest[] = [];
  readonly #callbacks: (() => void)[] = [];
  /** When it gives something, that is the decision. */
  rule: (request: AccessRequest) => AccessDecision | undefined = () => undefined;

  decide(request: AccessRequest): AccessDecision {
    this.asked.push(request);
    return this.rule(request) ?? usual(request);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Whatever goes on is asked again. */
  change(): void {
    for (const callback of this.#callbacks) callback();
  }
}

export function allow(change: Partial<Extract<AccessDecision, { kind: 'allow' }>> = {}): AccessDecision {
  return { kind: 'allow', via: 'session', setCookies: [], spends: undefined, pass: undefined, ...change };
}

/** What a stranger is told, by what was asked alone. */
export function turnAway({ navigation, path, host }: AccessRequest): AccessDecision {
  if (!navigation) return { kind: 'login', challenges };
  const query = new URLSearchParams({ to: host.split('.')[0] ?? '', return: path });
  const location = `https://preview.test/_porthole/login?${query.toString()}`;
  return { kind: 'hand-over', location, setCookies: [stateCookie] };
}

function usual(request: AccessRequest): AccessDecision {
  const { place, cookie, shareHeader } = request;
  if (place.access === 'public') return allow({ via: 'public' });
  if (cookie?.includes(`__Host-porthole_session=${goodPass}`) === true) return allow();
  return shareHeader === goodPass ? allow({ via: 'link' }) : turnAway(request);
}
