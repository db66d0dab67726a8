"""The page of `skiff serve` in a real browser: Debian's Chromium, without a window.

`SKIFF_SCREENSHOTS=FOLDER` keeps pictures of it. `cargo xtask peers page` runs these tests and fails without Chromium.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import time

import joblib
import pandas as pd
import pytest
import skiff
from conftest import ROOT
from servers import serving
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

EXAMPLES = ROOT / "examples"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if (CHROMIUM is None or DRIVER is None) and "SKIFF_CHROMIUM" not in os.environ:
    pytest.skip("neither `chromium` nor `chromedriver` is installed", allow_module_level=True)

from selenium import webdriver  # noqa: E402
from selenium.webdriver import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

SCREENSHOTS = os.environ.get("SKIFF_SCREENSHOTS")
KEY = "open sesame"
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
DESKTOP = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.downloads = folder
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The examples, a model with two versions, and one whose names and categories are HTML."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("iris-svc.joblib", "passengers.skiff", "digits-forest.joblib", "spam-filter.joblib"):
        shutil.copy(EXAMPLES / name, folder)
    for version in ("1", "2"):
        (folder / "tree" / version).mkdir(parents=True)
        shutil.copy(EXAMPLES / "balance-scale-tree.pkl", folder / "tree" / version)
    column = "<img src=x onerror=alert(1)>"
    categories = ["<script>alert(2)</script>", "\"><img src=y onerror='alert(3)'>", "it's"]
    rows = pd.DataFrame({column: categories * 4, "plain": range(12)})
    labels = ["<b>yes</b>", "no & never"] * 6
    encoder = make_column_transformer((OneHotEncoder(), [column]), remainder="passthrough")
    joblib.dump(make_pipeline(encoder, LogisticRegression()).fit(rows, labels), folder / "<b onclick='alert(4)'>&.joblib")
    return folder


@pytest.fixture(scope="module")
def server(models):
    with serving(models, grpc=False) as addresses:
        yield f"http://{addresses['http']}"


@pytest.fixture(autouse=True)
def nothing_is_refused(browser):
    """The browser must have no complaint, of the Content-Security-Policy above all."""
    show(browser, DESKTOP)
    yield
    complaints = [entry["message"] for entry in browser.get_log("browser") if " 401 " not in entry["message"]]
    assert complaints == [] or all(" 400 " in complaint for complaint in complaints), complaints


def show(browser, metrics, scheme="light"):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def picture(browser, name):
    if SCREENSHOTS:
        height = browser.execute_script("return document.documentElement.scrollHeight")
        metrics = browser.execute_script("return [innerWidth, devicePixelRatio]")
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": metrics[0], "height": min(height, 4000), "deviceScaleFactor": metrics[1], "mobile": metrics[0] < 500},
        )
        browser.save_screenshot(os.path.join(SCREENSHOTS, f"{name}.png"))


def find(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def press(browser, selector="form#ask button"):
    find(browser, selector).click()


def result(browser):
    """The rows of the answer, once it is there."""
    until = WebDriverWait(browser, 20)
    until.until(lambda browser: browser.find_elements(By.CSS_SELECTOR, "#ask:not([aria-busy])"))
    until.until(lambda browser: browser.find_elements(By.CSS_SELECTOR, "#result > *"))
    lines = browser.find_elements(By.CSS_SELECTOR, "#result tr")
    return [[cell.text for cell in line.find_elements(By.CSS_SELECTOR, "th, td")] for line in lines]


def choose(browser, method):
    browser.execute_script("document.getElementById('result').replaceChildren()")
    Select(find(browser, "#method")).select_by_visible_text(method)


def test_every_model_and_version_is_listed(browser, server):
    browser.get(server)
    picture(browser, "models")
    rows = browser.find_elements(By.CSS_SELECTOR, ".models tbody tr")
    listed = [tuple(cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td"))[:2] for row in rows]
    html = "<b onclick='alert(4)'>&"
    assert listed == [
        (html, "1"), ("digits-forest", "1"), ("iris-svc", "1"), ("passengers", "1"), ("spam-filter", "1"),
        ("tree", "1"), ("tree", "2"),
    ]
    browser.find_element(By.LINK_TEXT, "digits-forest").click()
    assert find(browser, "h1").text == "digits-forest"


def test_every_method_answers_as_the_library_does(browser, server):
    browser.get(f"{server}/models/iris-svc")
    model = skiff.open(EXAMPLES / "iris-svc.joblib")
    row = ["6.7", "3", "5.20", "2.3"]
    for place, text in enumerate(row):
        field = find(browser, f"#f{place}")
        field.clear()
        field.send_keys(text)
    X = [[float(text) for text in row]]
    press(browser)
    assert result(browser) == [["predict", model.predict(X)[0]]]
    methods = [option.text for option in Select(find(browser, "#method")).options]
    assert methods == ["predict", "decision_function"]
    choose(browser, "decision_function")
    press(browser)
    expected = zip(model.classes_, model.decision_function(X)[0])
    assert [(name, float(value)) for name, value in result(browser)] == list(expected)


def test_recorded_rows_and_categories_fill_the_form(browser, server):
    browser.get(f"{server}/models/passengers")
    model = skiff.open(EXAMPLES / "passengers.skiff")
    rows = json.loads(find(browser, "#ask").get_attribute("data-examples"))
    names = [field.get_attribute("data-name") for field in browser.find_elements(By.CSS_SELECTOR, "[data-name]")]
    assert [option.text for option in Select(find(browser, "[data-name=port]")).options] == ["Cherbourg", "Queenstown", "Southampton", "(missing)"]
    for row in rows[:4]:
        choose(browser, "predict_proba")
        press(browser)
        expected = model.predict_proba(pd.DataFrame([row], columns=names))[0]
        assert [float(line[1]) for line in result(browser)] == list(expected)
        press(browser, "#next")
    picture(browser, "passengers")


def test_texts_and_documents(browser, server):
    browser.get(f"{server}/models/spam-filter")
    field = find(browser, "#f0")
    field.clear()
    text = 'win a "free" prize, it\'s \\ now'
    field.send_keys(text)
    press(browser)
    assert result(browser) == [["predict", str(skiff.open(EXAMPLES / "spam-filter.joblib").predict([text])[0])]]


def test_a_csv_file_is_answered_and_downloaded(browser, server):
    browser.get(f"{server}/models/passengers")
    choose(browser, "predict_proba")
    path = EXAMPLES / "passengers.csv"
    find(browser, "#csv").send_keys(str(path))
    shown = result(browser)
    table = pd.read_csv(path)
    expected = skiff.open(EXAMPLES / "passengers.skiff").predict_proba(table)
    assert len(shown) == 1 + min(len(table), 100)
    assert find(browser, "#result caption").text == f"predict_proba of passengers.csv: the first 100 of {len(table)} rows"
    find(browser, "#result a").click()
    downloaded = browser.downloads / "passengers.predict_proba.csv"
    for _ in range(100):
        if downloaded.exists():
            break
        time.sleep(0.1)
    with open(downloaded, newline="") as file:
        header, *lines = csv.reader(file)
    assert header[: len(table.columns)] == list(table.columns)
    answered = [[float(cell) for cell in line[len(table.columns) :]] for line in lines]
    assert answered == expected.tolist()


def test_a_csv_file_may_be_dropped(browser, server):
    browser.get(f"{server}/models/passengers")
    text = (EXAMPLES / "passengers.csv").read_text().splitlines()
    browser.execute_script(
        """const data = new DataTransfer();
        data.items.add(new File([arguments[0]], "few.csv", {type: "text/csv"}));
        const target = document.getElementById("drop");
        for (const name of ["dragover", "drop"]) {
          target.dispatchEvent(new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        "\n".join(text[:4]),
    )
    assert [row[0] for row in result(browser)[1:]] == [line.split(",")[0] for line in text[1:4]]


def test_the_snippets_make_the_same_request(browser, server):
    for name, method in (("passengers", "predict_proba"), ("spam-filter", "predict"), ("iris-svc", "decision_function")):
        browser.get(f"{server}/models/{name}")
        choose(browser, method)
        if name == "passengers":
            find(browser, "[data-name=age]").clear()
        if name == "spam-filter":
            find(browser, "#f0").send_keys(" it's null, \"true\" \\n")
        press(browser)
        shown = [row[-1] if name != "passengers" else row[1] for row in result(browser)]
        find(browser, "#snippets summary").click()
        curl, python = (find(browser, selector).text for selector in ("#curl", "#python"))
        answers = [json.loads(subprocess.check_output(curl, shell=True))["predictions"]]
        answers.append(eval(subprocess.check_output([sys.executable, "-c", python], text=True)))
        for answer in answers:
            row = answer[0] if isinstance(answer[0], list) else answer
            assert [str(cell) for cell in row] == shown


def test_what_is_wrong_is_said_and_where(browser, server):
    browser.get(f"{server}/models/iris-svc")
    field = find(browser, "#f1")
    field.clear()
    field.send_keys("three")
    press(browser)
    assert find(browser, "#result [role=alert]").text == "sepal width (cm): not a number"
    assert browser.switch_to.active_element == field and field.get_attribute("aria-invalid") == "true"
    field.clear()
    press(browser)
    result(browser)
    assert "NaN" in find(browser, "#result [role=alert]").text


def test_the_keyboard_is_enough(browser, server):
    browser.get(f"{server}/models/iris-svc")
    visited = []
    for _ in range(12):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        active = browser.switch_to.active_element
        visited.append(active.get_attribute("id") or active.tag_name)
        if active.tag_name == "button":
            break
        if visited[-1] == "f3":
            ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys("2.5").perform()
    assert visited == ["a", "method", "f0", "f1", "f2", "f3", "button"]
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert result(browser)[0][0] == "predict"
    status = find(browser, "#result")
    assert (status.get_attribute("role"), status.get_attribute("aria-live")) == ("status", "polite")
    assert '"data": [[0, 0, 0, 2.5]]' in find(browser, "#curl").get_attribute("textContent")


def test_on_a_phone_nothing_scrolls_sideways(browser, server):
    show(browser, PHONE)
    pages = ["", *(f"/models/{name}" for name in ("iris-svc", "passengers", "digits-forest", "spam-filter", "tree"))]
    for page in pages:
        browser.get(server + page)
        if page:
            press(browser)
            result(browser)
            find(browser, "#snippets summary").click()
            find(browser, ".skiff-box summary").click()
        wide, seen = browser.execute_script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert seen == 360 and wide <= seen, page
        if page in ("/models/passengers", ""):
            picture(browser, f"phone{page.replace('/', '-')}")
            show(browser, PHONE)
    small = [
        field.get_attribute("id")
        for field in browser.find_elements(By.CSS_SELECTOR, "#ask input:not([type=file]), #ask select, button")
        if field.is_displayed() and field.size["height"] < 40
    ]
    assert small == []


def luminance(color):
    parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_have_contrast(browser, server, scheme):
    show(browser, DESKTOP, scheme)
    browser.get(f"{server}/models/passengers")
    choose(browser, "predict_proba")
    press(browser)
    result(browser)
    colors = browser.execute_script(
        """const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
        const seen = (color) => {
          canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
          return "rgb(" + [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(",") + ")";
        };
        const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
        return [seen("Canvas"), ...["body", "main a", "label", "#result td"].map((one) => seen(style(one, "color")))];"""
    )
    # The canvas element does not follow the scheme: the page's own ground does.
    ground = 1.0 if scheme == "light" else luminance("rgb(18, 18, 18)")
    for color in colors[1:]:
        light, dark = sorted((luminance(color), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, color)
    picture(browser, scheme)


def test_names_and_categories_are_text(browser, server):
    browser.get(server)
    browser.find_element(By.LINK_TEXT, "<b onclick='alert(4)'>&").click()
    assert find(browser, "h1").text == "<b onclick='alert(4)'>&"
    labels = [label.text for label in browser.find_elements(By.CSS_SELECTOR, ".fields label")]
    assert labels == ["<img src=x onerror=alert(1)>", "plain"]
    assert {option.text for option in Select(find(browser, "#f0")).options} >= {"<script>alert(2)</script>", "it's"}
    Select(find(browser, "#f0")).select_by_index(0)
    choose(browser, "predict_proba")
    press(browser)
    assert {row[0] for row in result(browser)} == {"<b>yes</b>", "no & never"}
    assert browser.find_elements(By.CSS_SELECTOR, "img, main script, h1 b, #result b") == []
    find(browser, "#snippets summary").click()
    curl = find(browser, "#curl").text
    assert json.loads(subprocess.check_output(curl, shell=True))["predictions"][0]


def test_behind_an_api_key(browser, monkeypatch):
    monkeypatch.setenv("SKIFF_API_KEY", KEY)
    with serving(EXAMPLES / "iris-svc.joblib", "--api-key-env", "SKIFF_API_KEY", grpc=False) as addresses:
        browser.get(f"http://{addresses['http']}/models/iris-svc")
        field = find(browser, "#key")
        assert "iris" not in browser.page_source
        field.send_keys("sesame", Keys.ENTER)
        WebDriverWait(browser, 10).until(lambda browser: find(browser, "#refused").text == "This is not the key.")
        field.clear()
        field.send_keys(KEY, Keys.ENTER)
        WebDriverWait(browser, 10).until(lambda browser: browser.find_elements(By.ID, "ask"))
        press(browser)
        assert result(browser)[0][0] == "predict"
        find(browser, "#snippets summary").click()
        curl, python = (find(browser, selector).text for selector in ("#curl", "#python"))
        assert KEY not in curl + python
        assert json.loads(subprocess.check_output(curl, shell=True))["predictions"]
        assert eval(subprocess.check_output([sys.executable, "-c", python], text=True))
        # The tab keeps the key.
        browser.get(f"http://{addresses['http']}/")
        WebDriverWait(browser, 10).until(lambda browser: browser.find_elements(By.CSS_SELECTOR, ".models"))
        browser.execute_script("sessionStorage.clear()")
