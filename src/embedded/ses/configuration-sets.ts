import { invalidParameter, SesError } from './errors.js';

/** The events of SES v1 that a destination can ask for. */
export const EVENT_TYPES = [
  'send',
  'reject',
  'bounce',
  'complaint',
  'delivery',
  'open',
  'click',
  'renderingFailure',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Where the events of a configuration set go: an SNS topic, the one kind that this SES knows. */
export interface EventDestination {
  readonly name: string;
  readonly isEnabled: boolean;
  readonly types: readonly EventType[];
  readonly topicArn: string;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The configuration sets of one account, by their names, each with its event destinations. */
export class ConfigurationSets {
  readonly #sets = new Map<string, Map<string, EventDestination>>();

  names(): string[] {
    return [...this.#sets.keys()].sort();
  }

  /** @throws SesError ConfigurationSetAlreadyExists, InvalidConfigurationSet */
  create(name: string): void {
    checkName(name, 'InvalidConfigurationSet', 'configuration set');
    if (this.#sets.has(name)) {
      throw new SesError('ConfigurationSetAlreadyExists', `Configuration set <${name}> already exists.`, 400, {
        ConfigurationSetName: name,
      });
    }
    this.#sets.set(name, new Map());
  }

  /** @throws SesError ConfigurationSetDoesNotExist */
  delete(name: string): void {
    this.#existing(name);
    this.#sets.delete(name);
  }

  /** @throws SesError ConfigurationSetDoesNotExist */
  destinations(name: string): EventDestination[] {
    return [...this.#existing(name).values()];
  }

  /** @throws SesError ConfigurationSetDoesNotExist, EventDestinationAlreadyExists */
  add(set: string, destination: EventDestination): void {
    const { name } = destination;
    const destinations = this.#existing(set);
    checkName(name, 'InvalidParameterValue', 'event destination');
    if (destinations.has(name)) {
      throw new SesError('EventDestinationAlreadyExists', `Event destination <${name}> already exists.`, 400, {
        ConfigurationSetName: set,
        EventDestinationName: name,
      });
    }
    destinations.set(name, destination);
  }

  /** @throws SesError ConfigurationSetDoesNotExist, EventDestinationDoesNotExist */
  replace(set: string, destination: EventDestination): void {
    this.#withDestination(set, destination.name).set(destination.name, destination);
  }

  /** @throws SesError ConfigurationSetDoesNotExist, EventDestinationDoesNotExist */
  remove(set: string, name: string): void {
    this.#withDestination(set, name).delete(name);
  }

  /** The topics that hear of this kind of event now; none where the set is gone. */
  topicsFor(set: string, type: EventType): string[] {
    const destinations = [...(this.#sets.get(set)?.values() ?? [])];
    return destinations.filter(({ isEnabled, types }) => isEnabled && types.includes(type)).map((one) => one.topicArn);
  }

  #existing(name: string): Map<string, EventDestination> {
    const set = this.#sets.get(name);
    if (!set) {
      throw new SesError('ConfigurationSetDoesNotExist', `Configuration set <${name}> does not exist.`, 400, {
        ConfigurationSetName: name,
      });
    }
    return set;
  }

  #withDestination(set: string, name: string): Map<string, EventDestination> {
    const destinations = this.#existing(set);
    if (!destinations.has(name)) {
      throw new SesError('EventDestinationDoesNotExist', `Event destination <${name}> does not exist.`, 400, {
        ConfigurationSetName: set,
        EventDestinationName: name,
      });
    }
    return destinations;
  }
}

/** @throws SesError InvalidParameterValue unless it is one of SES's event types */
export function parseEventType(text: string): EventType {
  const type = EVENT_TYPES.find((one) => one === text);
  if (!type) throw invalidParameter(`Invalid event type: ${text}`);
  return type;
}

function checkName(name: string, code: string, what: string): void {
  if (NAME.test(name)) return;
  throw new SesError(
    code,
    `Invalid ${what} name <${name}>: only alphanumeric ASCII characters, '_', and '-' are allowed.`,
  );
}
