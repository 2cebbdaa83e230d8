import { openDockerOffers } from '../docker/docker-offers.ts';
import { type EngineAddress, formatEngineAddress } from '../docker/engine-address.ts';
import type { DockerEvent } from '../report.ts';
import { offerName } from '../target.ts';
import { type Check, failed, fine, type Verdict, warning } from './check.ts';

export interface DockerQuestion {
  readonly address: EngineAddress;
  readonly project: string | undefined;
}

/** What the engine said when it was asked once. */
export interface DockerFacts extends DockerQuestion {
  readonly services: readonly string[];
  readonly events: readonly DockerEvent[];
}

export function dockerCheck(question: DockerQuestion): Check {
  return {
    name: 'docker',
    needs: [],
    run: async () => {
      const events: DockerEvent[] = [];
      const source = await openDockerOffers({
        ...question,
        commonWords: [],
        onEvent: (event) => events.push(event),
      });
      source.close();
      const services = source.offers.map((offer) => offerName(offer) || '(default)');
      return judgeDocker({ ...question, services, events });
    },
  };
}

export function judgeDocker({ address, project, services, events }: DockerFacts): Verdict {
  const lost = events.find((event) => event.event === 'docker' && event.state === 'lost');
  if (lost !== undefined)
    return failed(
      lost.reason ?? `the engine at ${formatEngineAddress(address)} does not answer`,
      'start it, or say where it is: --docker-host or DOCKER_HOST',
    );
  const skipped = events
    .filter((event) => event.event === 'container-skipped')
    .map(({ container, reason }) => `${container}: ${reason}`);
  const whose = project === undefined ? 'no compose project' : `the compose project ${project}`;
  if (services.length === 0)
    return warning(
      `the engine answers, and no container is offered (${whose})${skipped.map((each) => `; ${each}`).join('')}`,
      'start the project, name it with --docker-project, or label containers porthole.enable=true',
    );
  if (skipped.length === 0) return fine(`${services.join(', ')} of ${whose}`);
  return warning(
    `${services.join(', ')} of ${whose}; not offered: ${skipped.join('; ')}`,
    'correct the labels of these containers, or leave them out with porthole.enable=false',
  );
}
