"""Looks at the page of `happy graph --html` in headless Chromium.

usage: page.py FILE SCREENSHOT
"""

import json
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

page, picture = sys.argv[1:]
options = webdriver.ChromeOptions()
options.binary_location = "/usr/bin/chromium"
for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1400,900", "--force-prefers-reduced-motion"]:
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def all(css):
    return driver.find_elements(By.CSS_SELECTOR, css)


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def symbols():
    return {node.get_attribute("data-symbol") for node in all(".node")}


try:
    driver.get("file://" + page)
    until(lambda: all(".node"))
    body = all("body")[0]
    told = {"nodes": int(body.get_attribute("data-nodes")), "edges": int(body.get_attribute("data-edges"))}
    first = symbols()

    # The search box finds by name, and Enter shows what was found.
    box = driver.find_element(By.ID, "query")
    box.send_keys("helper")
    assert until(lambda: all("#found li"))[0].text.startswith("helper"), all("#found li")[0].text
    box.send_keys(Keys.ENTER)
    assert all(".node.start")[0].get_attribute("data-symbol").endswith("::helper")
    assert not all("#found li")
    around = symbols()
    told["around"] = sorted(around)

    def still():
        until(lambda: all("body")[0].get_attribute("data-still"), 60)

    # A click shows more, and what is shown already stays.
    caller = next(node for node in all(".node") if node.get_attribute("data-symbol").endswith("Login.check"))
    still()
    ActionChains(driver).move_to_element(caller).perform()
    until(lambda: driver.find_element(By.ID, "tip").is_displayed())
    told["hover"] = driver.find_element(By.ID, "tip").text
    ActionChains(driver).click(caller).perform()
    more = until(lambda: symbols() - around)
    assert symbols() >= around
    told["more"] = sorted(more)

    # Kinds have their colours, and kinds of edges come and go.
    fills = {node.get_attribute("data-kind"): node.find_element(By.TAG_NAME, "rect").get_attribute("fill") for node in all(".node")}
    assert len(set(fills.values())) == len(fills) > 1, fills
    before = len(all(".edge"))
    driver.find_element(By.NAME, "calls").click()
    assert not all('.edge[data-kind="calls"]') and len(all(".edge")) < before
    driver.find_element(By.NAME, "calls").click()
    assert len(all(".edge")) == before
    still()
    ActionChains(driver).move_to_element(caller).perform()
    driver.save_screenshot(picture)

    errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors, errors
    # Nothing but the page itself was asked for.
    asked = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"].split("#")[0])
    asked = {url for url in asked if not url.startswith(("file:///", "chrome:", "data:"))}
    assert not asked, asked
finally:
    driver.quit()
print(json.dumps(told))
