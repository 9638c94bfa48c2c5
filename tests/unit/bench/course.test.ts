import { describe, expect, it } from 'vitest';
import { Course } from '../../../scripts/bench/course.js';

describe('the course of a drain', () => {
  it('tells what a message cost in the first and the last tenth, without the first messages of all', () => {
    const course = new Course(100_000);
    course.add(0, 0);
    course.add(2_000, 9_000_000);
    course.add(12_000, 19_000_000);
    course.add(90_000, 97_000_000);
    course.add(100_000, 117_000_000);
    expect(course.ends()).toEqual({ firstUs: 1_000, lastUs: 2_000 });
  });

  it('looks at 100,000 messages at each end of a long list', () => {
    const course = new Course(10_000_000);
    course.add(2_000, 9_000_000);
    course.add(102_000, 109_000_000);
    course.add(9_900_000, 9_900_000_000);
    course.add(10_000_000, 9_900_000_000);
    expect(course.ends()).toEqual({ firstUs: 1_000, lastUs: 0 });
  });

  it('divides what was used between two looks by the messages between them', () => {
    const course = new Course(1_000);
    course.add(0, 500);
    course.add(0, 1_000);
    course.add(400, 401_000);
    course.add(1_000, 401_000 + 1_200_000);
    course.add(1_000, 9_000_000);
    expect(course.ends()).toEqual({ firstUs: 1_000, lastUs: 2_000 });
  });
});
