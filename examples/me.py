"""Show the host, the token and the user that the token belongs to.

    python examples/me.py --host https://yourorg.ardoq.com --token ... [--org yourorg]

Settings you don't pass are read from ARDOQ_API_HOST, ARDOQ_API_TOKEN and ARDOQ_ORG_LABEL.
"""

import argparse
import sys

from ardoqpy import API, ArdoqClientException


def main() -> int:
    """Print the user and return 0, or print an error and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--host", help="such as https://yourorg.ardoq.com")
    parser.add_argument("--org", help="the organisation's label, needed on app.ardoq.com")
    parser.add_argument("--token", help="safer in ARDOQ_API_TOKEN, which no process list shows")
    options = parser.parse_args()
    try:
        with API(options.host, options.token, options.org) as ardoq:
            print(f"host:  {ardoq.ardoq_api_host}")
            print(f"org:   {ardoq.ardoq_org_label or '(the host says it)'}")
            print(f"token: ...{ardoq.ardoq_api_token[-4:]}")
            me = ardoq.me()
    except ArdoqClientException as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"you:   {me['user']['email']} of {me['org']['name']} ({me['org']['label']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
