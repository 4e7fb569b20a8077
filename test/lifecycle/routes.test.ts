import { describe, expect, test } from "vitest";
import { prometheusText } from "../../src/lifecycle/prometheus.ts";
import { bodyFor, matchRoute, openApi, ROUTES } from "../../src/lifecycle/routes.ts";

const route = (id: string) => ROUTES.find((one) => one.id === id)!;

describe("routes", () => {
  test("are found by method and path, with names for parameters", () => {
    expect(matchRoute("POST", "/machines/web/up")).toMatchObject({
      route: { id: "up" },
      parameters: { machine: "web" },
    });
    expect(matchRoute("DELETE", "/machines/web/snapshots/s1")).toMatchObject({
      parameters: { machine: "web", snapshot: "s1" },
    });
    expect(matchRoute("GET", "/machines/web/up")).toEqual(["POST"]);
  });

  test.each([
    "/machines/../up",
    "/machines//up",
    "/machines/a%2fb/up",
    "/machines/web/up/",
    "/nothing",
    "",
    "/machines/.web/up",
  ])("there is none at %s", (path) => {
    expect(matchRoute("POST", path)).toBeUndefined();
  });

  test("say what is wrong with a request", () => {
    expect(bodyFor(route("up"), "")).toEqual({});
    expect(bodyFor(route("exec"), '{ "command": ["a"], "timeout": 1 }')).toEqual({ command: ["a"], timeout: 1 });
    expect(() => bodyFor(route("exec"), "{}")).toThrow(
      'The request to POST /machines/{machine}/exec: it lacks "command".',
    );
    expect(() => bodyFor(route("up"), '{ "cold": 1 }')).toThrow("cold is true or false, not 1.");
    expect(() => bodyFor(route("up"), "{ cold }")).toThrow("The request, line 1, column 3");
    expect(() => bodyFor(route("clone"), '{ "name": "../x" }')).toThrow("name is a name: letters");
  });

  test("are described in OpenAPI, every one", () => {
    const { paths } = openApi("1") as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(ids.toSorted()).toEqual(ROUTES.map(({ id }) => id).toSorted());
  });
});

test("Prometheus's text has help, type and labels", () => {
  const samples = [{ labels: { machine: 'a"b\\' }, value: 1.5 }];
  expect(
    prometheusText([
      { name: "x_total", help: "An x.", type: "counter", samples },
      { name: "none", help: "", type: "gauge", samples: [] },
    ]),
  ).toBe('# HELP x_total An x.\n# TYPE x_total counter\nx_total{machine="a\\"b\\\\"} 1.5\n');
});
