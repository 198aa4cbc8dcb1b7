"""The demonstration department: its units, its people, their sign-ins."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.permissions import add_user
from app.kernel.workflow import adopt
from app.schema.kinds import PHONE
from app.schema.record import metadata
from models.people import Person, Unit
from models.people.states import Employment

PASSWORD = "yanxu-demo"

UNITS = {
    "HQ": ("延保部 Department", None),
    "NORTH": ("华北分部 North", "HQ"),
    "SOUTH": ("华南分部 South", "HQ"),
    "N-RENEW": ("华北续保组 Renewals North", "NORTH"),
    "N-SALES": ("华北销售组 Sales North", "NORTH"),
    "N-SERVICE": ("华北客服组 Service North", "NORTH"),
    "N-CLAIMS": ("华北理赔组 Claims North", "NORTH"),
    "S-RENEW": ("华南续保组 Renewals South", "SOUTH"),
    "OPS": ("运营支持组 Operations", "HQ"),
}

STAFF = (
    ("manager", "manager", "陈", "静", "HQ", "部门经理"),
    ("admin", "admin", "系统", "管理员", "HQ", "系统管理员"),
    ("finance", "finance", "何", "敏", "HQ", "财务"),
    ("underwriter", "underwriter", "吕", "航", "HQ", "核保"),
    ("inspector", "inspector", "沈", "岚", "HQ", "服务监督"),
    ("supervisor", "supervisor", "周", "启明", "NORTH", "主管"),
    ("supervisor.south", "supervisor", "许", "文博", "SOUTH", "主管"),
    ("renewal", "renewal", "李", "晓燕", "N-RENEW", "续保专员"),
    ("renewal.zhao", "renewal", "赵", "明", "N-RENEW", "续保专员"),
    ("renewal.sun", "renewal", "孙", "佳怡", "N-RENEW", "续保专员"),
    ("renewal.wu", "renewal", "吴", "磊", "S-RENEW", "续保专员"),
    ("renewal.zheng", "renewal", "郑", "可", "S-RENEW", "续保专员"),
    ("sales", "sales", "王", "海涛", "N-SALES", "销售"),
    ("sales.feng", "sales", "冯", "雪", "N-SALES", "销售"),
    ("service", "service", "刘", "婷", "N-SERVICE", "客服"),
    ("service.chu", "service", "褚", "宁", "N-SERVICE", "客服"),
    ("claims", "claims", "张", "立", "N-CLAIMS", "理赔"),
    ("claims.wei", "claims", "卫", "东", "N-CLAIMS", "理赔"),
    ("operations", "operations", "蒋", "涵", "OPS", "运营支持"),
)
ONE_PER_ROLE = {role: username for username, role, *_ in reversed(STAFF)}


@dataclass(frozen=True)
class Member:
    """A member of the demonstration staff, as other records point at one."""

    user_id: int
    unit_id: int
    name: str


Staff = dict[str, Member]
"""Members by user name."""


def found(session: Session, random: Random, today: date) -> Staff:
    """Write units, people and their sign-ins; where a name is taken, "admin.demo" signs in instead of "admin"."""
    taken = set(session.scalars(select(metadata.tables["ab_user"].c.username)))
    units: dict[str, Unit] = {}
    for code, (name, parent) in UNITS.items():
        units[code] = Unit(code=code, name=name, parent_id=units[parent].id if parent else None)
        session.add(units[code])
        session.flush()
    staff: Staff = {}
    for number, (username, role, family, given, unit, post) in enumerate(STAFF, 1):
        name = f"{username}.demo" if username in taken else username
        user = add_user(session, name, given, family, f"{name}@demo.example.cn", [role], PASSWORD)
        person = Person(
            number=f"E{number:04}",
            name=family + given,
            user_id=user.id,
            unit_id=units[unit].id,
            post=post,
            email=user.email,
            phone=PHONE.sample(20_000 + number, "zh_Hans"),
            joined_on=today - timedelta(days=random.randrange(200, 3000)),
            licence=f"LIC{random.randrange(10**8):08}",
            licence_until=today + timedelta(days=random.randrange(60, 900)),
        )
        session.add(person)
        session.flush()
        adopt(session, person, Employment.ACTIVE)
        staff[username] = Member(user.id, person.unit_id, person.name)
    session.flush()
    return staff
